"""Suppression and audit of made-up tables, two-way with a hierarchy and three-way."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import numpy as np

from linkage_engine.disclosure.policy import Policy
from linkage_engine.laboratory.disclosure.protect import protect
from linkage_engine.laboratory.disclosure.table_file import TableFile, TableSpec
from tests.benchmarks.measure import Budget, Figures, main

TABLES = {"two_way_1139": (60, 16), "two_way_10414": (230, 40), "three_way": (20, 20, 20)}
"""Groups of each dimension, the first in tens too."""
BUDGETS = {"two_way_1139": 1, "two_way_10414": 15, "three_way": 60}
"""Seconds that protection and audit may take."""
MEAN = 30.0
"""About how many people a cell has."""
POLICY = (
    '{"sdc_policy": 1, "profile": "benchmark", "counts": {"mechanism": "suppress"},'
    ' "threshold": {"persons": 10, "zero": {"sampling": "show"}}}'
)


def figures(scale: float) -> Figures:
    """For each table: cells, unsafe, hidden, what the auditor found, and seconds."""
    policy = Policy.from_json(POLICY)
    found: Figures = {}
    for name, shape in TABLES.items():
        first = max(10, round(shape[0] * scale))
        done = protect(made_up((first, *shape[1:]), mean=MEAN), policy).as_json()
        found |= {name: done, f"{name}_seconds": done["seconds"]}
    return found


def made_up(shape: tuple[int, ...], *, mean: float) -> TableFile:
    """Counts of uneven groups, the same every time."""
    dice = np.random.default_rng(1)
    rates = np.full((), mean)
    for size in shape:
        rates = np.multiply.outer(rates, dice.lognormal(0, 0.7, size))
    places = list(product(*(range(size) for size in shape)))
    labels = {f"c{axis}": [f"v{place[axis]:03}" for place in places] for axis in range(len(shape))}
    labels["tens"] = [f"t{place[0] // 10:02}" for place in places]
    dimensions = (("c0", "tens"), *((f"c{axis}",) for axis in range(1, len(shape))))
    return TableFile(TableSpec(dimensions=dimensions), labels, dice.poisson(rates).ravel(), Decimal(1), None)


if __name__ == "__main__":
    main(figures, *(Budget(f"{name}_seconds", limit, at_least=False) for name, limit in BUDGETS.items()))
