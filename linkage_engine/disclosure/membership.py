"""Who is behind each published cell: what the gate keeps, so that later tables can be audited against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.controlled_table import CellStatus, ControlledTable, PlannedMeasure, Statistic
from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Persons

Columns = Mapping[str, npt.NDArray[Any]]
"""Columns of equal length, by name."""


@dataclass(frozen=True, eq=False)
class Membership:
    """The people behind one number of one cell, and whether it was shown."""

    key: str
    """The cell's place in its table, as `cell_key` writes it."""
    measure: str
    people: Persons
    shown: bool
    is_population: bool
    """Whether these are all people of the cell, not a part of them."""

    def __repr__(self) -> str:
        return "Membership(withheld)"


@dataclass(frozen=True, eq=False)
class KeptColumns:
    """Memberships as two flat tables: `cells` names sets by number, `members` lists the people of each set.

    cells: key, measure (text), set (int32), shown, is_population (bool), size (int32), sha256 (of the set,
    as in `PersonSets.digests`, in hexadecimal); members: set, person (int32). A set that several numbers
    share is written once.
    """

    cells: Columns
    members: Columns

    def __repr__(self) -> str:
        return "KeptColumns(withheld)"


def cell_key(dimensions: tuple[str, ...], labels: tuple[str, ...]) -> str:
    """The place of a cell: `sex=Female;age_band=Total`; nothing for a table of one cell."""
    return ";".join(f"{name}={label}" for name, label in zip(dimensions, labels, strict=True))


def memberships(table: ExactTable, controlled: ControlledTable) -> tuple[Membership, ...]:
    """The people behind every number of people, hidden ones too: no later table may give them away."""
    counted = [
        (place, measure)
        for place, measure in enumerate(table.measures)
        if measure.statistic in {Statistic.POPULATION, Statistic.COUNT}
    ]
    return tuple(
        Membership(
            key=cell_key(table.dimensions, cell.labels),
            measure=measure.name,
            people=_people(cell, measure),
            shown=row.values[place].status is CellStatus.SHOWN,
            is_population=measure.part is None,
        )
        for cell, row in zip(table.cells, controlled.rows, strict=True)
        for place, measure in counted
    )


def _people(cell: ExactCell, measure: PlannedMeasure) -> Persons:
    return cell.population if measure.part is None else cell.parts[measure.part]


def to_columns(kept: tuple[Membership, ...]) -> KeptColumns:
    """Memberships in a form for the vault."""
    numbers: dict[bytes, int] = {}
    sets: list[Persons] = []

    def number(persons: Persons) -> int:
        if persons.tobytes() not in numbers:
            numbers[persons.tobytes()] = len(sets)
            sets.append(persons)
        return numbers[persons.tobytes()]

    cells = {
        "key": np.array([each.key for each in kept], dtype=np.str_),
        "measure": np.array([each.measure for each in kept], dtype=np.str_),
        "set": np.array([number(each.people) for each in kept], dtype=np.int32),
        "shown": np.array([each.shown for each in kept], dtype=np.bool_),
        "is_population": np.array([each.is_population for each in kept], dtype=np.bool_),
        "size": np.array([each.people.size for each in kept], dtype=np.int32),
    }
    digests = np.array([sha256(each.tobytes()).hexdigest() for each in sets], dtype=np.str_)
    cells["sha256"] = digests[cells["set"]] if sets else digests
    members = {
        "set": np.repeat(
            np.arange(len(sets), dtype=np.int32), np.array([each.size for each in sets], dtype=np.int64)
        ),
        "person": np.concatenate([_NOBODY, *sets]),
    }
    return KeptColumns(cells=cells, members=members)


def from_columns(kept: KeptColumns) -> tuple[Membership, ...]:
    """The memberships that `to_columns` wrote; columns that do not fit are `EngineRefusal(VAULT_DAMAGED)`."""
    try:
        return _read(kept.cells, kept.members)
    except (KeyError, ValueError, IndexError):
        raise EngineRefusal(RefusalCode.VAULT_DAMAGED) from None


def _read(cells: Columns, members: Columns) -> tuple[Membership, ...]:
    order = np.argsort(members["set"], kind="stable")
    numbers, persons = members["set"][order], members["person"][order]

    def people(number: int) -> Persons:
        first, last = np.searchsorted(numbers, [number, number + 1])
        return np.asarray(persons[first:last], dtype=np.int32)

    rows = zip(*(cells[name].tolist() for name in _CELL_COLUMNS), strict=True)
    return tuple(
        Membership(key, measure, people(number), shown, is_population)
        for key, measure, number, shown, is_population in rows
    )


_CELL_COLUMNS = ("key", "measure", "set", "shown", "is_population")
_NOBODY: Persons = np.empty(0, dtype=np.int32)
