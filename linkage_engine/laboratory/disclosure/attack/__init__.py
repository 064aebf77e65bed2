"""Researchers who want to know about one person: what they can get out of disclosure control."""
