"""Two files about overlapping people, as dirty as asked: what linkage is measured on."""
