"""Sets of people, many at once: the value that admission, gate and budget are given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linkage_engine.contract.refusals import NotTrusted, RefusalCode

Persons = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_ZERO: Numbers = np.zeros(1, dtype=np.int64)
_NOBODY: Persons = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, eq=False)
class PersonSets:
    """Sets of a project's person numbers, one after the other, each sorted and without repetition.

    Set i is `members[starts[i]:starts[i + 1]]`. Anything else is `NotTrusted(HAND_OVER_INVALID)`.
    """

    starts: Numbers
    members: Persons

    def __post_init__(self) -> None:
        if not _whole(self.starts, self.members) or not _sorted(self.starts, self.members):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    @classmethod
    def of(cls, sets: Iterable[Persons]) -> PersonSets:
        """The sets in the order given."""
        listed = [_NOBODY, *sets]
        sizes = np.array([each.size for each in listed], dtype=np.int64)
        return cls(np.cumsum(sizes), np.concatenate(listed))

    def __len__(self) -> int:
        return self.starts.size - 1

    def __getitem__(self, number: int) -> Persons:
        return self.members[self.starts[number] : self.starts[number + 1]]

    def __repr__(self) -> str:
        return "PersonSets(withheld)"

    @property
    def sizes(self) -> Numbers:
        """How many people are in each set."""
        return np.diff(self.starts)

    @property
    def rows(self) -> Numbers:
        """For each member the number of its set."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.sizes)

    @property
    def least_persons(self) -> int:
        """One more than the highest person number."""
        return int(self.members.max(initial=-1)) + 1

    @cached_property
    def digests(self) -> tuple[bytes, ...]:
        """SHA-256 of each set: the same people, the same digest."""
        return tuple(sha256(self[number].tobytes()).digest() for number in range(len(self)))

    def take(self, numbers: Numbers) -> PersonSets:
        """The sets of these numbers, in their order."""
        sizes = self.sizes[numbers]
        starts = np.concatenate([_ZERO, np.cumsum(sizes)])
        places = np.arange(starts[-1], dtype=np.int64) + np.repeat(self.starts[numbers] - starts[:-1], sizes)
        return PersonSets(starts, self.members[places])

    def joined(self, other: PersonSets) -> PersonSets:
        """These sets, then the others."""
        starts = np.concatenate([self.starts, other.starts[1:] + self.starts[-1]])
        return PersonSets(starts, np.concatenate([self.members, other.members]))

    def sums(self, values: Floats) -> Floats:
        """For each set the sum over its people of a value per person: one column, or several."""
        found: Floats = self.matrix(values.shape[0]) @ values
        return found

    def matrix(self, persons: int) -> sparse.csr_array:
        """Sets by people, 1 where somebody is in a set."""
        ones = np.ones(self.members.size)
        return sparse.csr_array((ones, self.members, self.starts), shape=(len(self), persons))


def no_sets() -> PersonSets:
    """No set at all."""
    return PersonSets(_ZERO, _NOBODY)


def first_of_each(sets: PersonSets, known: Iterable[bytes] = ()) -> Numbers:
    """The numbers of the sets that are neither known by digest nor the same as an earlier one."""
    seen = set(known)
    first = []
    for number, digest in enumerate(sets.digests):
        if digest not in seen:
            seen.add(digest)
            first.append(number)
    return np.array(first, dtype=np.int64)


def _whole(starts: Numbers, members: Persons) -> bool:
    return (
        starts.dtype == np.int64
        and members.dtype == np.int32
        and starts.ndim == members.ndim == 1
        and starts.size > 0
        and starts[0] == 0
        and starts[-1] == members.size
        and bool((np.diff(starts) >= 0).all())
    )


def _sorted(starts: Numbers, members: Persons) -> bool:
    """Whether people ascend within each set; only where a set begins may they step down."""
    begins = np.zeros(members.size + 1, dtype=np.bool_)
    begins[starts] = True
    ascends = begins[1:-1] | (members[1:] > members[:-1])
    return bool(ascends.all()) and int(members.min(initial=0)) >= 0
