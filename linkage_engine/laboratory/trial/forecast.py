"""What will be hidden of a table, by what was hidden of it over several synthetic populations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.evidence import Evidence, Reason

BANDED = frozenset({CellStatus.LOW, CellStatus.HIGH})
INAPPLICABLE = frozenset({Reason.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class HiddenCell:
    """A cell of which nothing was told in some of the populations, and most often why."""

    labels: tuple[str, ...]
    times: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of each population how many cells and numbers are hidden, and which cells in how many of them."""

    populations: int
    cells: int
    """That somebody can be in."""
    hidden: tuple[int, ...]
    """Of each population: cells of which no number is told."""
    numbers: int
    """Of those cells."""
    numbers_hidden: tuple[int, ...]
    """Of each population: neither told nor told to be few or nearly all."""
    numbers_banded: tuple[int, ...]
    reasons: dict[Reason, int]
    """Why numbers were hidden, over all populations."""
    which: tuple[HiddenCell, ...]
    """In the order of the table."""

    def as_json(self) -> dict[str, object]:
        """The figures as plain values."""
        return {
            "populations": self.populations,
            "cells": self.cells,
            "hidden": list(self.hidden),
            "numbers": self.numbers,
            "numbers_hidden": list(self.numbers_hidden),
            "numbers_banded": list(self.numbers_banded),
            "reasons": {reason.value: count for reason, count in sorted(self.reasons.items())},
            "which": [
                {"labels": list(each.labels), "times": each.times, "reason": each.reason.value}
                for each in self.which
            ],
        }


def forecast(tried: Sequence[Evidence]) -> Forecast:
    """What will be hidden, by one question's evidence over each population; there is one at least."""
    looked = [_cells(each) for each in tried]
    applicable = [labels for labels, cell in looked[0].items() if not cell.reasons.keys() & INAPPLICABLE]
    kept = [[cells[labels] for labels in applicable] for cells in looked]
    which = []
    for labels in applicable:
        why = Counter(cells[labels].reason for cells in looked)
        hidden = [(reason, count) for reason, count in why.most_common() if reason is not None]
        if hidden:
            which.append(HiddenCell(labels, sum(count for _, count in hidden), hidden[0][0]))
    return Forecast(
        populations=len(tried),
        cells=len(applicable),
        hidden=tuple(sum(cell.reason is not None for cell in cells) for cells in kept),
        numbers=sum(cell.numbers for cell in kept[0]),
        numbers_hidden=tuple(sum(cell.reasons.total() for cell in cells) for cells in kept),
        numbers_banded=tuple(sum(cell.banded for cell in cells) for cells in kept),
        reasons=dict(sum((cell.reasons for cell in chain.from_iterable(kept)), Counter())),
        which=tuple(which),
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    numbers: int
    banded: int
    reasons: Counter[Reason]
    """Why numbers are hidden, those that are told in bands apart."""

    @property
    def reason(self) -> Reason | None:
        """Why nothing is told of the cell, or nothing where something is."""
        return self.reasons.most_common(1)[0][0] if self.numbers == self.reasons.total() else None


def _cells(tried: Evidence) -> dict[tuple[str, ...], _Cell]:
    found = {}
    for row, reasons in zip(tried.table.rows, tried.reasons, strict=True):
        pairs = list(zip(row.values, reasons, strict=True))
        banded = sum(value.status in BANDED for value, _ in pairs)
        hidden = Counter(
            reason for value, reason in pairs if reason is not None and value.status not in BANDED
        )
        found[row.labels] = _Cell(len(pairs), banded, hidden)
    return found
