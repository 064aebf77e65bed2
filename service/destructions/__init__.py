"""Destructions: what came of a delivery loses its keys, and the workers that hold them certify it."""
