"""Audit reviewers read and export the log."""
