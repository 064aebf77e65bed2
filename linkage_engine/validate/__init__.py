"""Checks of a part against its manifest and of its rows against the catalogue."""
