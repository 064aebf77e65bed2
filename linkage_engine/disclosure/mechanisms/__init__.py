"""What is done to numbers that their rules allow: each mechanism that a policy may name."""
