"""age files, the private half: what only the holder of an identity can do."""
