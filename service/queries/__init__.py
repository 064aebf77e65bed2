"""A researcher asks a question of the closed language."""
