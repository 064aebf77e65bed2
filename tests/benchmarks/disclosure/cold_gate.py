"""The gate from nothing on a long history of a large project: 200,000 people and 20,000 sets."""

from __future__ import annotations

import time

import numpy as np

from linkage_engine.disclosure.gate.verdict import look
from linkage_engine.disclosure.history.sets import Persons, PersonSets
from linkage_engine.laboratory.disclosure.planned import cohort, plan, table_of
from tests.benchmarks.measure import Budget, Figures, main, peak_rss_bytes

PEOPLE, SETS = 200_000, 20_000
THRESHOLD = 10
MOST_TABLES = 1_500
GIBIBYTES = 8 * 2**30
BUDGETS = (
    Budget("gate_seconds", 90, at_least=False),
    Budget("peak_rss_bytes", GIBIBYTES, at_least=False),
)


def figures(scale: float) -> Figures:
    """Sets of planned tables from the threshold up, whatever they determine, and one look at them."""
    return looked_at(round(PEOPLE * scale), round(SETS * scale))


def looked_at(people: int, sets: int) -> Figures:
    """Seconds, processor seconds and memory of a look; what is smaller than the threshold is a group."""
    tables, published, groups = told(people, sets)
    made = peak_rss_bytes()
    started, worked = time.perf_counter(), time.process_time()
    finding = look(published, groups, generator=np.random.default_rng(1))
    return {
        "people": people,
        "tables": tables,
        "sets": len(published),
        "sets_a_person": published.members.size / people,
        "groups": len(groups),
        "rank": finding.space.rank,
        "residual": finding.space.residual,
        "verdict": finding.verdict.value,
        "determined_groups": finding.groups.size,
        "undecided": finding.undecided,
        "gate_seconds": time.perf_counter() - started,
        "gate_processor_seconds": time.process_time() - worked,
        "rss_bytes_before": made,
    }


def told(people: int, sets: int) -> tuple[int, PersonSets, PersonSets]:
    """How many tables it takes, the first so many different sets, and the small cells of these tables."""
    random = np.random.default_rng(1)
    everybody = cohort(people, random)
    large, small = dict[bytes, Persons](), dict[bytes, Persons]()
    tables = 0
    for planned in plan(MOST_TABLES, random):
        tables += 1
        cells = table_of(everybody, planned).cells
        for place, digest in enumerate(cells.digests):
            if len(large) < sets or cells[place].size < THRESHOLD:
                kept = large if cells[place].size >= THRESHOLD else small
                kept.setdefault(digest, cells[place].copy())
        if len(large) == sets:
            break
    return tables, PersonSets.of(large.values()), PersonSets.of(small.values())


if __name__ == "__main__":
    main(figures, *BUDGETS)
