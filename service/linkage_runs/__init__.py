"""An operator asks for a linkage; quality figures only."""
