"""Cohorts of one project, before anything is decided: nested ones that differ by a few people."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from linkage_engine.disclosure.history.sets import Numbers, Persons, PersonSets, no_sets


@dataclass(frozen=True, eq=False)
class Cohorts:
    """The cohorts that questions were about, each with the digest of the filter that made it."""

    filters: tuple[bytes, ...] = ()
    people: PersonSets = field(default_factory=no_sets)

    def __repr__(self) -> str:
        return "Cohorts(withheld)"

    def with_(self, made_by: bytes, cohort: Persons) -> Cohorts:
        """These and another; the same people by the same filter are one."""
        new = PersonSets.of([cohort])
        known = zip(self.filters, self.people.digests, strict=True)
        if (made_by, new.digests[0]) in set(known):
            return self
        return Cohorts((*self.filters, made_by), self.people.joined(new))

    def too_close(self, made_by: bytes, cohort: Persons, *, threshold: int) -> bool:
        """Whether another filter made a cohort that differs from this one by a few people.

        The same filter over newer data is a refreshed cohort and no attempt at anything: admission
        hides what few people would give away.
        """
        others = np.flatnonzero([each != made_by for each in self.filters])
        return too_close(cohort, self.people.take(others), threshold=threshold).size > 0


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
