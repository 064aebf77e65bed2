"""Each statistic with its rule, a module a family: what may be told of cells, and what follows from it."""
