"""Noise within a budget: what a question costs, whom it covers, and how its counts are drawn."""
