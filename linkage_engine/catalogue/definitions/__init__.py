"""Standard definitions as data: each with its version and source, read into frozen values."""
