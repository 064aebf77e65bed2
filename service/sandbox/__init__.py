"""What the api and each worker take from themselves before they serve anybody, and the measurement that it is gone."""
