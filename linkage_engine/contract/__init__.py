"""Words both sides speak: frozen values, free of records."""
