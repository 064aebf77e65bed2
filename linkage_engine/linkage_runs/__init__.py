"""A linkage run over the stages: pairs of providers, then the spine; broken off, it goes on where it was."""
