"""A hundred honest tables over 20,000 people, decided twice, and what was learnt of an outcome with them."""

from __future__ import annotations

import time

import numpy as np

from linkage_engine.disclosure.history.leverage import leverage
from linkage_engine.disclosure.history.sets import PersonSets
from tests.benchmarks.history import MOST_TABLES, followed, looked
from tests.benchmarks.measure import Budget, Figures, main

PEOPLE = 20_000
SHARES = (0.1, 0.5, 1)
"""Of the sets told, in their order: leverage over so many of them."""
BUDGETS = (
    Budget("refused", 0.02 * MOST_TABLES, at_least=False),
    Budget("hidden_share", 0.06, at_least=False),
    Budget("admit_mean_processor_seconds", 1.5, at_least=False),
    Budget("admit_p95_processor_seconds", 4.0, at_least=False),
    Budget("reruns_that_differ", 0, at_least=False),
)


def figures(scale: float) -> Figures:
    """Every decision of both runs and the state kept are compared; the gate and leverage look at the end."""
    people = round(PEOPLE * scale)
    done, again = followed(people, MOST_TABLES), followed(people, MOST_TABLES)
    found = done.figures()
    same = done.decisions == again.decisions and found["state_sha256"] == again.figures()["state_sha256"]
    return (
        {"people": people}
        | found
        | {"reruns_that_differ": int(not same)}
        | looked(done.state)
        | {"leverage": [learnt(done.state.published, people, share) for share in SHARES]}
    )


def learnt(published: PersonSets, people: int, share: float) -> Figures:
    """Leverage of one outcome told once over the first sets, and the processor seconds it takes."""
    some = published.take(np.arange(round(len(published) * share)))
    worked = time.process_time()
    found = leverage(some, persons=people, generator=np.random.default_rng(3))
    worked = time.process_time() - worked
    return {"sets": len(some), "mean": found.mean, "top1": found.top1, "processor_seconds": worked}


if __name__ == "__main__":
    main(figures, *BUDGETS)
