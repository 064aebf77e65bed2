"""What control is given: exact cells with the sets of people behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.refusals import NotTrusted, RefusalCode

Persons = npt.NDArray[np.int32]
"""Sorted numbers of a project's own numbering, each once."""


@dataclass(frozen=True, eq=False)
class ExactCell:
    """One cell: who is counted, out of whom, and whether anybody can be.

    A numerator that is not a sorted part of a sorted denominator is `NotTrusted(HAND_OVER_INVALID)`.
    """

    labels: tuple[str, ...]
    numerator: Persons
    denominator: Persons
    applicable: bool = True

    def __post_init__(self) -> None:
        sets = (self.numerator, self.denominator)
        if not all(_is_set(s) for s in sets) or not np.isin(*sets, assume_unique=True).all():
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def __repr__(self) -> str:
        return "ExactCell(withheld)"


@dataclass(frozen=True, eq=False)
class ExactTable:
    """All cells of one answer, margins among them.

    Labels that do not fit the dimensions or stand twice are `NotTrusted(HAND_OVER_INVALID)`.
    """

    title: str
    template: str
    dimensions: tuple[str, ...]
    numerator_title: str
    denominator_title: str
    cells: tuple[ExactCell, ...]

    def __post_init__(self) -> None:
        labels = {cell.labels for cell in self.cells}
        if len(labels) != len(self.cells) or any(len(each) != len(self.dimensions) for each in labels):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID)

    def __repr__(self) -> str:
        return "ExactTable(withheld)"


def _is_set(persons: Persons) -> bool:
    return persons.ndim == 1 and persons.dtype == np.int32 and bool((persons[1:] > persons[:-1]).all())
