"""Control over the history: admission of planned tables one after the other, then the gate from nothing."""

from __future__ import annotations

import time

import numpy as np

from linkage_engine.disclosure.admission.admit import admit
from linkage_engine.disclosure.admission.state import nothing_released
from linkage_engine.disclosure.gate.verdict import look
from linkage_engine.laboratory.disclosure.planned import cohort, plan, table_of
from tests.benchmarks.measure import Budget, Figures, main

PEOPLE, TABLES = 20_000, 30
"""At scale 1, which fits into half a minute; `--scale 10` is 200,000 people and 100 tables."""
MOST_TABLES = 100
BUDGETS = (
    Budget("admit_mean_seconds", 1.5, at_least=False),
    Budget("admit_p95_seconds", 4.0, at_least=False),
    Budget("gate_seconds", 9.0, at_least=False),
)
"""The first two as for a hundred tables of as many people, the last a tenth of what 200,000 may take."""


def figures(scale: float) -> Figures:
    """Seconds a release, hidden cells of those that the threshold allows, and the gate's verdict."""
    people = max(1_000, round(PEOPLE * scale))
    tables = min(MOST_TABLES, max(5, round(TABLES * scale)))
    random = np.random.default_rng(1)
    everybody = cohort(people, random)
    state, taken, decisions = nothing_released(), list[float](), list[str]()
    for number, planned in enumerate(plan(tables, random)):
        table = table_of(everybody, planned)
        started = time.perf_counter()
        done = admit(state, table, threshold=10, generator=np.random.default_rng([1, number]))
        taken.append(time.perf_counter() - started)
        state = done.state
        decisions += [each.value for each in done.decisions]
    started = time.perf_counter()
    finding = look(state.published, state.groups.joined(state.watched), generator=random)
    looked = time.perf_counter() - started
    return {
        "people": people,
        "tables": tables,
        "sets": len(state.published),
        "rank": state.rank,
        "groups": len(state.groups),
        "watched": len(state.watched),
        "groups_known_before": state.groups_determined,
        "hidden_share": decisions.count("hidden") / max(1, len(decisions) - decisions.count("small")),
        "admit_mean_seconds": float(np.mean(taken)),
        "admit_p95_seconds": float(np.percentile(taken, 95)),
        "gate_seconds": looked,
        "gate_verdict": finding.verdict.value,
        "gate_residual": finding.space.residual,
    }


if __name__ == "__main__":
    main(figures, *BUDGETS)
