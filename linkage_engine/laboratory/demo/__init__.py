"""The whole path on one machine with real processes: from providers' CSV files to a signed table."""
