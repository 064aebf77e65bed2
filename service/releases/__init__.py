"""Output checkers decide what leaves; packages are made of it."""
