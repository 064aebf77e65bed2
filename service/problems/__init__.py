"""Refusals a caller can act on, as RFC 9457 problem details: a module for each place they arise."""
