"""The gate from nothing on a shorter history of a country's: 1 million people and 10,000 sets."""

from __future__ import annotations

from tests.benchmarks.disclosure.cold_gate import GIBIBYTES, looked_at
from tests.benchmarks.measure import Budget, Figures, main

PEOPLE, SETS = 1_000_000, 10_000
BUDGETS = (
    Budget("gate_seconds", 70, at_least=False),
    Budget("peak_rss_bytes", GIBIBYTES, at_least=False),
)


def figures(scale: float) -> Figures:
    """As of the larger number of sets, of more people."""
    return looked_at(round(PEOPLE * scale), round(SETS * scale))


if __name__ == "__main__":
    main(figures, *BUDGETS)
