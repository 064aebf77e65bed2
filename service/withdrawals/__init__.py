"""Withdrawals: persons whom a provider takes out of a project."""
