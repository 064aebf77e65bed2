"""What a worker takes from itself before it touches a record, and the measurement that it is gone."""
