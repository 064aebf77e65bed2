"""Probabilistic linkage of token tables with Splink, and a threshold chosen without truth."""
