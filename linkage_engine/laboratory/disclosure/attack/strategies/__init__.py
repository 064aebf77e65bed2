"""What an attacker asks next, by kind: each sees only what a researcher is told."""
