"""Random histories of mixed shapes: planned tables, nested and overlapping sets, unions, refreshes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from linkage_engine.disclosure.admission.table import Table
from linkage_engine.disclosure.history.sets import PersonSets
from tests.property.disclosure_history.exact import People
from tests.property.disclosure_history.histories import listed, random_tables, sets_of

Random = np.random.Generator
Shape = Callable[[Random, int, list[Table]], Table]
PLANNED = 0.3
"""Share of releases that are tables of the same variables; the others are sets of a shape."""

FEW = 10


def mixed_tables(
    seed: int, *, persons: int, tables: int, shapes: tuple[Shape, ...] | None = None
) -> list[Table]:
    """Releases over one cohort, planned tables and every shape; or these shapes alone, in turns."""
    random = np.random.default_rng([seed, 7])
    planned = random_tables(seed, persons=persons, tables=tables)
    made: list[Table] = []
    for number, table in enumerate(planned):
        if shapes is not None:
            made.append(shapes[number % len(shapes)](random, persons, made))
        elif random.random() < PLANNED:
            made.append(table)
        else:
            shape = SHAPES[random.integers(len(SHAPES))]
            made.append(shape(random, persons, [*made, table]))
    return made


def loose(cells: Iterable[People]) -> Table:
    """Sets that are no table: each once, in one dimension, of which none is the total."""
    distinct = [each for each in dict.fromkeys(cells) if each]
    keys = tuple(f"set {place:05d}" for place in range(len(distinct)))
    return Table(sets_of(distinct), keys, (1,) * len(distinct), ())


def nested(random: Random, persons: int, _: list[Table]) -> Table:
    """Ever more of one order of people, in steps of a few or of many."""
    order = random.permutation(persons)
    ends = np.cumsum(random.choice([1, 2, 5, 12, max(1, persons // 10)], size=12))
    return loose(frozenset(order[:end].tolist()) for end in ends if end <= persons)


def overlapping(random: Random, persons: int, _: list[Table]) -> Table:
    """Stretches of a circle of people, of any length."""
    begins, sizes = random.integers(persons, size=8), random.integers(1, persons, size=8)
    return loose(
        frozenset(((begin + np.arange(size)) % persons).tolist())
        for begin, size in zip(begins.tolist(), sizes.tolist(), strict=True)
    )


def near_whole(random: Random, persons: int, _: list[Table]) -> Table:
    """Nearly everybody, several times."""
    missing = (random.choice(persons, random.integers(0, 20), replace=False) for _ in range(6))
    return loose(frozenset(range(persons)) - frozenset(each.tolist()) for each in missing)


def unions(random: Random, _: int, earlier: list[Table]) -> Table:
    """What earlier sets are together, share, or have beyond each other: up to four of them."""
    return loose(_combined(random, [each for table in earlier for each in listed(table.cells)]))


def _combined(random: Random, known: list[People]) -> Iterator[People]:
    for _ in range(10):
        first, *others = (known[place] for place in random.integers(len(known), size=random.integers(2, 5)))
        for other in others:
            operation = (first.union, first.difference, first.symmetric_difference, first.intersection)
            first = frozenset(operation[random.integers(4)](other))
        yield first


def parts(random: Random, persons: int, _: list[Table]) -> Table:
    """A stretch of people in parts, some of them small, and not the whole."""
    ends = np.cumsum(random.choice([3, 5, 11, 15, 20], size=6))
    order = random.permutation(persons)
    return loose(
        frozenset(order[begin:end].tolist()) for begin, end in pairwise([0, *ends.tolist()]) if end <= persons
    )


def wholes(random: Random, _: int, earlier: list[Table]) -> Table:
    """Neighbouring cells of an earlier table together."""
    cells = listed(earlier[random.integers(len(earlier))].cells)
    begins = random.integers(max(1, len(cells)), size=6).tolist()
    return loose(frozenset().union(*cells[begin : begin + 4]) for begin in begins)


def trackers(random: Random, _: int, earlier: list[Table]) -> Table:
    """The unions of pairs of earlier sets that share a few."""
    known = list(dict.fromkeys(each for table in earlier for each in listed(table.cells)))
    tried = (random.integers(len(known), size=2) for _ in range(300))
    pairs = [(known[a], known[b]) for a, b in tried if a != b]
    return loose([a | b for a, b in pairs if 0 < len(a & b) < FEW][:6] or [known[0]])


def refreshed(random: Random, persons: int, earlier: list[Table]) -> Table:
    """An earlier table after a few people left and came back: everybody leaves all their cells."""
    table = earlier[random.integers(len(earlier))]
    gone = frozenset(random.choice(persons, random.integers(1, min(15, persons)), replace=False).tolist())
    cells = PersonSets.of(np.array(sorted(each - gone), dtype=np.int32) for each in listed(table.cells))
    return replace(table, cells=cells)


SHAPES: tuple[Shape, ...] = (nested, overlapping, near_whole, unions, parts, wholes, trackers, refreshed)
