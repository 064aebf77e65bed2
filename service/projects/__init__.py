"""Permits: purpose, people, data sets, policy and dates."""
