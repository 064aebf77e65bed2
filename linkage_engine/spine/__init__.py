"""The person spine: one stable link id for all records of one person."""
