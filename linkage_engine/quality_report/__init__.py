"""The quality report of a linkage: made of controlled numbers alone, as JSON, CSV and an accessible page."""
