"""What disclosure control does to anybody's tables and histories, measured."""
