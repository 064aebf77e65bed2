"""A provider hands over sealed parts; what became of them."""
