"""Outside: who asks, what they may do, what came in and what went out; never a record."""
