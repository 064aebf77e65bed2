"""A provider's bytes on their way in, in as many pieces as it takes (tus 1.0.0)."""
