"""A backup of an installation, and an installation of a backup: what was destroyed since stays destroyed."""
