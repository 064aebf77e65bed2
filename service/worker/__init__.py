"""The program inside: four roles, their handlers, their sandbox and their keys."""
