"""Suppression and audit of made-up tables, two-way with a hierarchy and three-way."""

from __future__ import annotations

import time
from decimal import Decimal
from itertools import product

import numpy as np

from linkage_engine.disclosure.policy import Policy
from linkage_engine.laboratory.disclosure.protect import protect
from linkage_engine.laboratory.disclosure.table_file import TableFile, TableSpec

TABLES = {
    "two_way_1139": ((60, 16), 30.0),
    "two_way_10414": ((230, 40), 55.0),
    "three_way_9702": ((20, 20, 20), 30.0),
}
"""Groups of each dimension, the first in tens too, and how many people a cell has about."""
POLICY = (
    '{"sdc_policy": 1, "profile": "benchmark", "counts": {"mechanism": "suppress"},'
    ' "threshold": {"persons": 10, "zero": {"sampling": "show"}}}'
)


def suppress_and_audit() -> dict[str, object]:
    """For each table: cells, unsafe, hidden, and seconds of the protector and of the auditor."""
    policy = Policy.from_json(POLICY)
    return {name: _one(shape, mean, policy) for name, (shape, mean) in TABLES.items()}


def _one(shape: tuple[int, ...], mean: float, policy: Policy) -> dict[str, object]:
    file = made_up(shape, mean=mean)
    started = time.perf_counter()
    done = protect(file, policy)
    figures = done.as_json() | {"wall_seconds": time.perf_counter() - started}
    return {"shape": list(shape)} | figures


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
