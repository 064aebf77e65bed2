"""Noise that is the same for the same people: record keys, cell keys and the perturbation table."""
