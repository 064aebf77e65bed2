"""Another key in the place of one, with everything that hangs on it, and safe to break off."""
