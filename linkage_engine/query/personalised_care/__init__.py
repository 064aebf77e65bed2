"""What people with cancer are offered of personalised care, by trust: offered, accepted, done in time."""
