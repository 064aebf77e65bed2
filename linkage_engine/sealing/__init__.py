"""age files, the public half: what anybody may do with a recipient."""
