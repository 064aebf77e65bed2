"""Suppression and audit of tables that are thin or large: a batch job."""

from __future__ import annotations

import time

from linkage_engine.disclosure.policy import Policy
from linkage_engine.laboratory.disclosure.protect import protect
from tests.benchmarks.measure import Budget, Figures, main
from tests.benchmarks.tables import POLICY, made_up

TABLES = {"three_way_thin": ((20, 20, 20), 1.0), "two_way_batch": ((450, 100), 30.0)}
"""Groups of each dimension, the first in tens too, and about how many people a cell has."""
BUDGETS = {"three_way_thin": 60, "two_way_batch": 600}
"""Seconds that protection and audit may take."""


def figures(scale: float) -> Figures:
    """For each table: cells, unsafe, hidden, what the auditor found, and processor seconds."""
    policy = Policy.from_json(POLICY)
    found: Figures = {}
    for name, (shape, mean) in TABLES.items():
        first = max(10, round(shape[0] * scale))
        worked = time.process_time()
        done = protect(made_up((first, *shape[1:]), mean=mean), policy).as_json()
        found |= {name: done, f"{name}_processor_seconds": time.process_time() - worked}
    return found


if __name__ == "__main__":
    main(
        figures,
        *(Budget(f"{name}_processor_seconds", limit, at_least=False) for name, limit in BUDGETS.items()),
    )
