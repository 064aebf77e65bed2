"""Which cells of a table may be published beside all that was published before."""
