"""What the delivered programs are made of, and what a scan of their code finds."""
