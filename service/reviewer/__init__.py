"""tre-audit: fetch the log, verify it without trusting who gave it."""
