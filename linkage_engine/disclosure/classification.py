"""A table as admission sees it: the populations of its cells, each once; no outcome that is rounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from linkage_engine.contract.controlled_table import TOTAL, Statistic
from linkage_engine.disclosure.admission.table import Decision, Family, Table
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Persons
from linkage_engine.disclosure.history.sets import PersonSets, first_of_each
from linkage_engine.disclosure.membership import cell_key
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.threshold import may_be_told


class Place(NamedTuple):
    """Where a set of people stands: a cell by number, and the part of it, none for the population."""

    cell: int
    part: str | None = None


@dataclass(frozen=True, eq=False)
class Classified:
    """The distinct sets of a table, and which one stands at each of its places that are audited."""

    table: Table
    which: Mapping[Place, int]

    def withheld(self, decisions: Sequence[Decision]) -> list[Place]:
        """The places of the sets that may not be told."""
        hidden = {number for number, each in enumerate(decisions) if not each.is_published}
        return [place for place in _in_order(self.which) if self.which[place] in hidden]

    def told(self, decisions: Sequence[Decision]) -> dict[int, bytes]:
        """The places of the cells whose population is told, with the digest of who is in it."""
        digests = self.table.cells.digests
        return {
            place.cell: digests[self.which[place]]
            for place in _in_order(self.which)
            if place.part is None and decisions[self.which[place]].is_published
        }


def _in_order(places: Iterable[Place]) -> list[Place]:
    return sorted(places, key=lambda place: (place.cell, place.part or ""))


def audited_parts(exact: ExactTable, policy: Policy) -> tuple[str, ...]:
    """The parts that are audited beside the populations: those counted, where counts are told exactly."""
    if policy.counts.mechanism != "suppress":
        return ()
    return tuple(each.part for each in exact.measures if each.part and each.statistic is Statistic.COUNT)


def set_at(exact: ExactTable, place: Place) -> Persons:
    """Who is in the set at a place."""
    cell: ExactCell = exact.cells[place.cell]
    return cell.population if place.part is None else cell.parts[place.part]


def classified(exact: ExactTable, policy: Policy) -> Classified:
    """The sets that could be told, and those small enough to protect.

    A cell that nobody is in or can be in, and one that is hidden by its size without being small enough to
    protect (10 to 12 people with midpoint-6), has none. A set that stands at several places has the labels of
    the one with the fewest dimensions; being in a part or not is one more.
    """
    chosen = sorted(
        _audited(exact, policy),
        key=lambda place: (_dimensions(exact, place), exact.cells[place.cell].labels, place.part or ""),
    )
    everything = PersonSets.of(set_at(exact, place) for place in chosen)
    first = first_of_each(everything)
    number_of = {everything.digests[place]: number for number, place in enumerate(first.tolist())}
    which = {place: number_of[each] for place, each in zip(chosen, everything.digests, strict=True)}
    named = [chosen[place] for place in first]
    table = Table(
        cells=everything.take(first),
        keys=tuple(_key(exact, each) for each in named),
        dimension_counts=tuple(_dimensions(exact, each) for each in named),
        families=tuple(dict.fromkeys([*_families(exact, which), *_counted(which)])),
    )
    return Classified(table, which)


def _audited(exact: ExactTable, policy: Policy) -> Iterator[Place]:
    """Populations and audited parts; with those, also what is small of cells that nobody can be in."""
    parts = audited_parts(exact, policy)
    places = [Place(cell, part) for cell in range(len(exact.cells)) for part in (None, *parts)]
    sizes = np.array([set_at(exact, place).size for place in places], dtype=np.int64)
    few = sizes < policy.history.min_difference
    tellable = may_be_told(sizes, policy)
    for place, size, is_few, is_tellable in zip(places, sizes, few, tellable, strict=True):
        applicable = exact.cells[place.cell].applicable
        if size and (is_few or is_tellable if applicable else is_few and parts):
            yield place


def _dimensions(exact: ExactTable, place: Place) -> int:
    own = sum(label != TOTAL for label in exact.cells[place.cell].labels)
    return own + (place.part is not None)


def _key(exact: ExactTable, place: Place) -> str:
    key = cell_key(exact.dimensions, exact.cells[place.cell].labels)
    return key if place.part is None else f"{key};part={place.part}"


def _families(exact: ExactTable, which: Mapping[Place, int]) -> Iterator[Family]:
    """Every set with its parts along each dimension of which its cell is the total."""
    numbers = {(exact.cells[place.cell].labels, place.part): which[place] for place in _in_order(which)}
    found: dict[tuple[tuple[tuple[str, ...], str | None], int], set[int]] = {}
    for (labels, part), number in numbers.items():
        for dimension, label in enumerate(labels):
            whole = (*labels[:dimension], TOTAL, *labels[dimension + 1 :]), part
            if label != TOTAL and whole in numbers:
                found.setdefault((whole, dimension), set()).add(number)
    return (Family(numbers[whole], tuple(sorted(each))) for (whole, _), each in found.items())


def _counted(which: Mapping[Place, int]) -> Iterator[Family]:
    """Every population with each part of it: what is left are those not counted."""
    for place, number in which.items():
        population = place._replace(part=None)
        if place.part is not None and population in which:
            yield Family(which[population], (number,))
