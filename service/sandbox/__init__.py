"""What api and workers take from themselves before they serve anybody, and the proof that it is gone."""
