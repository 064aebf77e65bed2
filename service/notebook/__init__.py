"""Python client for notebooks: ask, wait, fetch and verify; a released table is a value."""
