"""Cohorts of one project, before any of their data are read: nested ones that differ by a few people."""

from __future__ import annotations

import numpy as np

from linkage_engine.disclosure.history.sets import Numbers, Persons, PersonSets


def too_close(cohort: Persons, earlier: PersonSets, *, threshold: int) -> Numbers:
    """The earlier cohorts that contain this one, or are contained, but for 1 to threshold - 1 people.

    Any question asked of both would be a question about those few. For whole cohorts only: of cells it
    would be a false alarm in two tables of three.
    """
    return np.array(
        [
            number
            for number in range(len(earlier))
            if 0 < abs(earlier[number].size - cohort.size) < threshold and _is_nested(cohort, earlier[number])
        ],
        dtype=np.int64,
    )


def _is_nested(a: Persons, b: Persons) -> bool:
    return np.intersect1d(a, b, assume_unique=True).size == min(a.size, b.size)
