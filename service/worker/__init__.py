"""The program inside: four roles, their handlers and their keys."""
