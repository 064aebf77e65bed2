"""Nobody counts in more labels of a breakdown than the question was charged for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.disclosure.cells import ExactTable, Persons

Sets = tuple[Persons, ...]
"""For each cell of a table a set of people."""
_NOBODY: Persons = np.empty(0, dtype=np.int32)


def check_one_label(table: ExactTable, dimension: str, sets: Sequence[Persons]) -> None:
    """Nobody has two labels of a dimension beside the same others; else `NotTrusted(HAND_OVER_INVALID)`."""
    place = table.dimensions.index(dimension)
    beside: dict[tuple[str, ...], list[Persons]] = {}
    for cell, each in zip(table.cells, sets, strict=True):
        if cell.labels[place] != TOTAL:
            beside.setdefault((*cell.labels[:place], *cell.labels[place + 1 :]), [_NOBODY]).append(each)
    together = [np.concatenate(each) for each in beside.values()]
    if any(np.unique(each).size < each.size for each in together):
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID)


def capped(
    table: ExactTable,
    dimension: str,
    sets: Sequence[Persons],
    *,
    most_labels: int,
    generator: np.random.Generator,
) -> Sets:
    """The sets without people beyond so many labels of a dimension, of which each keeps some at random.

    Which labels somebody keeps depends on nobody else, so that one person more or less changes no other's
    contributions. Totals keep everybody.
    """
    place = table.dimensions.index(dimension)
    number = {label: at for at, label in enumerate(sorted({cell.labels[place] for cell in table.cells}))}
    persons, labels = _labelled(table, place, sets)
    order = np.lexsort((generator.random(persons.size), persons))
    persons, labels = persons[order], labels[order]
    turn = np.arange(persons.size) - np.searchsorted(persons, persons, side="left")
    kept = turn < most_labels
    of_label = {label: np.sort(persons[kept & (labels == at)]) for label, at in number.items()}
    return tuple(
        each if cell.labels[place] == TOTAL else np.intersect1d(each, of_label[cell.labels[place]])
        for cell, each in zip(table.cells, sets, strict=True)
    )


def _labelled(
    table: ExactTable, place: int, sets: Sequence[Persons]
) -> tuple[Persons, npt.NDArray[np.int64]]:
    """Every person of the sets with every label they have in a dimension, each pair once."""
    pairs = list(_pairs(table, place, sets))
    persons = np.concatenate([_NOBODY, *(people for people, _ in pairs)])
    return persons, np.repeat(
        np.array([at for _, at in pairs], dtype=np.int64),
        np.array([people.size for people, _ in pairs], dtype=np.int64),
    )


def _pairs(table: ExactTable, place: int, sets: Sequence[Persons]) -> Iterator[tuple[Persons, int]]:
    for at, label in enumerate(sorted({cell.labels[place] for cell in table.cells})):
        if label != TOTAL:
            cells = zip(table.cells, sets, strict=True)
            yield np.unique(np.concatenate([each for cell, each in cells if cell.labels[place] == label])), at
