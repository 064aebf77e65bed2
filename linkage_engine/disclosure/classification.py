"""A table as admission sees it: the populations of its cells, each once, and never an outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.disclosure.admission.table import Decision, Family, Table
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.history.sets import Numbers, PersonSets, first_of_each
from linkage_engine.disclosure.membership import cell_key
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.threshold import may_be_told

NONE = -1


@dataclass(frozen=True, eq=False)
class Classified:
    """The distinct populations of a table, and for each of its cells which one is the cell's, or none."""

    table: Table
    which: Numbers

    def withheld(self, decisions: Sequence[Decision]) -> list[int]:
        """The places of the cells whose population may not be told."""
        hidden = {number for number, each in enumerate(decisions) if not each.is_published}
        return [place for place, number in enumerate(self.which.tolist()) if number in hidden]

    def told(self, decisions: Sequence[Decision]) -> dict[int, bytes]:
        """The places of the cells whose population is told, with the digest of who is in it."""
        told = {number for number, each in enumerate(decisions) if each.is_published}
        digests = self.table.cells.digests
        return {place: digests[each] for place, each in enumerate(self.which.tolist()) if each in told}


def classified(exact: ExactTable, policy: Policy) -> Classified:
    """The populations that could be told, and those small enough to protect.

    A cell that nobody is in or can be in, and one that is hidden by its size without being small enough to
    protect (10 to 12 people with midpoint-6), has none. A population that several cells share has the
    labels of the one with the fewest dimensions.
    """
    chosen = sorted(
        _audited(exact, policy),
        key=lambda place: (_dimensions(exact.cells[place].labels), exact.cells[place].labels),
    )
    everything = PersonSets.of(exact.cells[place].population for place in chosen)
    first = first_of_each(everything)
    number_of = {everything.digests[place]: number for number, place in enumerate(first.tolist())}
    which = np.full(len(exact.cells), NONE, dtype=np.int64)
    which[chosen] = [number_of[each] for each in everything.digests]
    labels = [exact.cells[chosen[place]].labels for place in first]
    table = Table(
        cells=everything.take(first),
        keys=tuple(cell_key(exact.dimensions, each) for each in labels),
        dimension_counts=tuple(map(_dimensions, labels)),
        families=tuple(dict.fromkeys(_families(exact, which))),
    )
    return Classified(table, which)


def _audited(exact: ExactTable, policy: Policy) -> list[int]:
    sizes = np.array([cell.population.size for cell in exact.cells], dtype=np.int64)
    applicable = np.array([cell.applicable for cell in exact.cells], dtype=np.bool_)
    few = sizes < policy.history.min_difference
    places: list[int] = np.flatnonzero(applicable & (sizes > 0) & (may_be_told(sizes, policy) | few)).tolist()
    return places


def _dimensions(labels: tuple[str, ...]) -> int:
    return sum(label != TOTAL for label in labels)


def _families(exact: ExactTable, which: Numbers) -> Iterator[Family]:
    """Every population with its parts along each dimension of which its cell is the total."""
    numbers = {
        cell.labels: number
        for cell, number in zip(exact.cells, which.tolist(), strict=True)
        if number != NONE
    }
    parts: dict[tuple[tuple[str, ...], int], set[int]] = {}
    for labels, number in numbers.items():
        for dimension, label in enumerate(labels):
            whole = (*labels[:dimension], TOTAL, *labels[dimension + 1 :])
            if label != TOTAL and whole in numbers:
                parts.setdefault((whole, dimension), set()).add(number)
    return (Family(numbers[whole], tuple(sorted(each))) for (whole, _), each in parts.items())
