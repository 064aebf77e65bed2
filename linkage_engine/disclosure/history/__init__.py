"""The sets of people behind every cell a project was given: what admission, gate and budget share."""
