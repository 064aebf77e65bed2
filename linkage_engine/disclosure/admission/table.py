"""A table as admission sees it: cells with keys, how many dimensions each has, who adds up to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.disclosure.history.sets import Flags, Numbers, Persons, PersonSets


class Decision(StrEnum):
    """What becomes of a cell."""

    SMALL = "small"
    """Hidden by the threshold."""
    HIDDEN = "hidden"
    """Hidden because with it a small group could be computed."""
    AGAIN = "again"
    """Published before, and again."""
    IMPLIED = "implied"
    """Published: it follows from what is published already."""
    ADMITTED = "admitted"
    """Published: it is new and gives no small group away."""

    @property
    def is_published(self) -> bool:
        """Whether the cell is told."""
        return self not in {Decision.SMALL, Decision.HIDDEN}


@dataclass(frozen=True)
class Family:
    """A cell and the cells it splits into along one dimension, by their places in the table."""

    parent: int
    children: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """All cells of a table of classifications, margins among them.

    Keys that stand twice, lengths that differ and places outside are `NotTrusted(HAND_OVER_INVALID)`.
    """

    cells: PersonSets
    keys: tuple[str, ...]
    dimension_counts: tuple[int, ...]
    families: tuple[Family, ...]

    def __post_init__(self) -> None:
        count = len(self.cells)
        places = {place for each in self.families for place in (each.parent, *each.children)}
        lengths_fit = len(set(self.keys)) == len(self.keys) == len(self.dimension_counts) == count
        if not lengths_fit or not all(0 <= place < count for place in places):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def __repr__(self) -> str:
        return "Table(withheld)"

    def in_order(self, candidates: Numbers) -> Numbers:
        """The total order of admission: fewer dimensions, then larger, then by key."""
        sizes = self.cells.sizes
        ranked = sorted(
            candidates.tolist(),
            key=lambda place: (self.dimension_counts[place], -int(sizes[place]), self.keys[place]),
        )
        return np.array(ranked, dtype=np.int64)

    def remainders(self, is_published: Flags, threshold: int) -> PersonSets:
        """What is left of each published cell without its published children, where that is few people."""
        return PersonSets.of(
            rest
            for family in self.families
            if is_published[family.parent]
            for rest in self._rest(family, is_published, threshold)
        )

    def _rest(self, family: Family, is_published: Flags, threshold: int) -> Iterator[Persons]:
        told = [self.cells[place] for place in family.children if is_published[place]]
        parent = self.cells[family.parent]
        if told and parent.size - sum(each.size for each in told) < threshold:
            rest = parent[~np.isin(parent, np.concatenate(told), assume_unique=True, kind="table")]
            if 0 < rest.size < threshold:
                yield rest
