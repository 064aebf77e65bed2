"""The gate's verdict on a history: what is determined, or that it cannot tell; either is a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from linkage_engine.disclosure.gate.factor import NullSpace, null_space
from linkage_engine.disclosure.history.sets import Flags, Floats, Numbers, PersonSets

VECTORS = 4
DETERMINED, SAFE = 1e-7, 1e-5
"""The largest of four sums over a group: below the first it is determined, from the second it is not."""
RESIDUAL = 1e-8
"""What rounding may leave of the sum of a null-space vector over a published set."""


class Verdict(StrEnum):
    """What the gate says of a release."""

    SAFE = "safe"
    DETERMINED = "determined"
    UNDECIDED = "undecided"


@dataclass(frozen=True, eq=False)
class Finding:
    """What can be computed from everything published: groups by place, people by number."""

    verdict: Verdict
    groups: Numbers
    persons: Numbers
    undecided: int
    space: NullSpace

    def __repr__(self) -> str:
        return f"Finding({self.verdict.value})"


def look(published: PersonSets, groups: PersonSets, *, generator: np.random.Generator) -> Finding:
    """Test every group and every person against everything published, with fresh random vectors.

    The count of a group is linearly determined if and only if vectors of the null space add up to 0 over
    it. Safe needs a residual of at most `RESIDUAL` and nothing between determined and safe: a factor that
    is not accurate, a number that is none and a doubtful sum are undecided.
    """
    persons = max(published.least_persons, groups.least_persons)
    space = null_space(published, generator.standard_normal((persons, VECTORS)))
    somebody = np.flatnonzero(groups.sizes)
    by_group = _largest(groups.take(somebody).sums(space.vectors))
    by_person = _largest(space.vectors)
    undecided = int(_doubtful(by_group).sum() + _doubtful(by_person).sum())
    determined = somebody[by_group < DETERMINED]
    persons_determined = np.flatnonzero(by_person < DETERMINED)
    if not space.residual <= RESIDUAL or undecided:
        verdict = Verdict.UNDECIDED
    elif determined.size or persons_determined.size:
        verdict = Verdict.DETERMINED
    else:
        verdict = Verdict.SAFE
    return Finding(verdict, determined, persons_determined, undecided, space)


def _largest(sums: Floats) -> Floats:
    largest: Floats = np.abs(sums).max(axis=1, initial=0.0)
    return largest


def _doubtful(largest: Floats) -> Flags:
    """Neither surely 0 nor surely not; not a number is doubtful too."""
    return ~((largest < DETERMINED) | (largest >= SAFE))
