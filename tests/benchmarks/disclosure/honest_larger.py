"""A hundred honest tables over 200,000 people."""

from __future__ import annotations

from tests.benchmarks.history import MOST_TABLES, followed, looked
from tests.benchmarks.measure import Budget, Figures, main

PEOPLE = 200_000
BUDGETS = (
    Budget("refused", 0.02 * MOST_TABLES, at_least=False),
    Budget("hidden_share", 0.01, at_least=False),
    Budget("hidden_share_of_first_twenty", 0.01, at_least=False),
    Budget("admit_mean_processor_seconds", 2, at_least=False),
    Budget("admit_p95_processor_seconds", 6, at_least=False),
)


def figures(scale: float) -> Figures:
    """Decisions and the state kept, and the gate from nothing."""
    people = round(PEOPLE * scale)
    done = followed(people, MOST_TABLES)
    return {"people": people} | done.figures() | looked(done.state)


if __name__ == "__main__":
    main(figures, *BUDGETS)
