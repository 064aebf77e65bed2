"""Exact cells become a controlled table: pure functions over numbers and a policy."""
