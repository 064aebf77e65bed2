"""Pages for everybody: health and the catalogue of problems."""
