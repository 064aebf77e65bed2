"""Linked pairs become clusters at three levels: strict ones within primary ones within lenient ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import pyarrow as pa

from linkage_engine.spine.records import Floats, Ints, SpineRecords


class Level(IntEnum):
    """How much evidence a link needs, the most first."""

    STRICT = 0
    PRIMARY = 1
    LENIENT = 2


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LinkedPairs:
    """Pairs of record numbers, their match weights (log2 of the odds) and the first level to take them."""

    left: Ints
    right: Ints
    weight: Floats
    level: Ints


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NestedClusters:
    """For each record the lowest number of a record in its cluster, at each level."""

    labels: dict[Level, Ints]
    kept_apart: int
    """Primary pairs that would have brought two NHS numbers together through a third record."""


def nested_clusters(
    records: SpineRecords, pairs: LinkedPairs, *, repeating: Collection[str] = ()
) -> NestedClusters:
    """Every record in one cluster of each level; a cluster lies within one of the next level.

    Single best links: pairs are taken level by level, the heaviest first (then by number, so that their order
    does not matter), and a pair joins two clusters unless

    1. both hold a record of one provider: its file has a person once, except a provider's in `repeating`;
    2. they hold different NHS-number tokens and the pair itself does not. A pair that does disagree was
       weighed with that: other evidence spoke for one person, and somebody mistyped a number. Where a third
       record without the number stands between two that disagree, nobody has weighed it.
    """
    growing = _Growing.of(records, repeating)
    labels: dict[Level, Ints] = {}
    order = np.lexsort((pairs.right, pairs.left, -pairs.weight, pairs.level))
    ends = np.searchsorted(pairs.level[order], [*Level], side="right")
    apart, begin = 0, 0
    for level, end in zip(Level, ends.tolist(), strict=True):
        places = order[begin:end]
        refused = sum(
            growing.join(left, right) is False
            for left, right in zip(pairs.left[places].tolist(), pairs.right[places].tolist(), strict=True)
        )
        apart += refused if level <= Level.PRIMARY else 0
        labels[level] = np.array(growing.label, dtype=np.int64)
        begin = end
    return NestedClusters(labels, apart)


@dataclass(slots=True)
class _Growing:
    """Clusters while pairs join them, each under the number of one of its records."""

    label: list[int]
    once: list[int]
    """For each cluster's label, as bits, the providers in it that may not be there twice."""
    number: list[int | None]
    """For each record its NHS-number token."""
    members: dict[int, list[int]] = field(default_factory=dict)
    """Of clusters of more than one record."""
    several: dict[int, set[int]] = field(default_factory=dict)
    """NHS-number tokens of those clusters."""

    @classmethod
    def of(cls, records: SpineRecords, repeating: Collection[str]) -> _Growing:
        bits = [0 if name in repeating else 1 << place for place, name in enumerate(records.provider_ids)]
        return cls(
            label=list(range(len(records))),
            once=[bits[place] for place in records.provider.tolist()],
            number=records.nhs_number.to_pylist(),
        )

    def join(self, left: int, right: int) -> bool | None:
        """Whether two clusters became one; False where NHS numbers forbade it, None where nothing changes."""
        one, other = self.label[left], self.label[right]
        if one == other or self.once[one] & self.once[other]:
            return None
        ours, theirs = self._numbers(one), self._numbers(other)
        if not (ours <= theirs or theirs <= ours) and not self._disagree(left, right):
            return False
        one, other = min(one, other), max(one, other)
        moved = self.members.pop(other, [other])
        self.members.setdefault(one, [one]).extend(moved)
        for record in moved:
            self.label[record] = one
        self.once[one] |= self.once[other]
        self.several[one] = ours | theirs
        self.several.pop(other, None)
        return True

    def _numbers(self, label: int) -> set[int]:
        own = self.number[label]
        return self.several.get(label, set() if own is None else {own})

    def _disagree(self, left: int, right: int) -> bool:
        one, other = self.number[left], self.number[right]
        return one is not None and other is not None and one != other


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Clusters whose records cannot all be right; they stay together and are counted."""

    nhs_numbers: int
    dates_of_birth: int


def contradictions(records: SpineRecords, labels: Ints) -> Contradictions:
    """How many clusters hold two different tokens of the NHS number, and of the date of birth."""
    return Contradictions(
        _with_several(labels, records.nhs_number), _with_several(labels, records.date_of_birth)
    )


def _with_several(labels: Ints, tokens: pa.Array) -> int:
    """Clusters with more than one distinct token."""
    present = tokens.is_valid().to_numpy(zero_copy_only=False)
    known = tokens.drop_null().to_numpy(zero_copy_only=False)
    distinct = np.unique(np.stack([labels[present], known]), axis=1)[0]
    _, counts = np.unique(distinct, return_counts=True)
    return int((counts > 1).sum())
