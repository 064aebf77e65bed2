"""The last look at a release: what could be computed from everything published, found independently."""
