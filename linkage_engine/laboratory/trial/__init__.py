"""A question tried on synthetic England by the service's own doors: its table, and what will be hidden."""
