"""tre-checker: open the sealed evidence of a release, and sign a decision on it."""
