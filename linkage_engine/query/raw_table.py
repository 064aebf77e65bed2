"""Exact cells with the people in them: a type that does not print, pickle or leave by accident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage_engine.contract.refusals import NotTrusted, RefusalCode

Persons = npt.NDArray[np.int32]
"""Sorted numbers of a project's own numbering: neither link ids nor person keys."""

Tally = npt.NDArray[np.int64]
"""Whole numbers, one for each stratum of a reference or for each person of a population."""


class Withheld:
    """A value of the inside: it prints as its class alone and cannot be pickled."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(withheld)"

    def __reduce__(self) -> NoReturn:
        msg = "it stays inside"
        raise TypeError(msg)


@dataclass(frozen=True, eq=False, repr=False)
class RawCell(Withheld):
    """One cell: whom it is about, who of them is in each part, what happened to those, days at risk.

    Every cell of a table has the same parts, events, variables and estimates.
    """

    labels: tuple[str, ...]
    population: Persons
    parts: Mapping[str, Persons]
    applicable: bool
    events: Mapping[str, int] = field(default_factory=dict)
    days: Tally = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """The population's days in each stratum of the table's reference."""
    values: Mapping[str, Tally] = field(default_factory=dict)
    """Of each variable one whole number for each person of the population: cost, days in bed, last day."""
    estimates: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Coefficients of a model for the people at one level, each with its standard error."""


@dataclass(frozen=True, eq=False, repr=False)
class RawReference(Withheld):
    """Those compared with, by stratum: people in the stratum of their first day, days at risk, events."""

    sexes: int
    persons: Tally
    days: Tally
    events: Mapping[str, Tally]


@dataclass(frozen=True, eq=False, repr=False)
class RawFit(Withheld):
    """How a model was fitted: people, coefficients with the intercept, different rows of its covariates."""

    records: int
    coefficients: int
    patterns: int

    @property
    def figures(self) -> tuple[int, int, int]:
        """The three in their order."""
        return self.records, self.coefficients, self.patterns


@dataclass(frozen=True, eq=False, repr=False)
class RawTable(Withheld):
    """The exact answer to a question, before disclosure control."""

    template: str
    dimensions: tuple[str, ...]
    parts: tuple[str, ...]
    """Names of the parts that every cell has."""
    cells: tuple[RawCell, ...]
    reference: RawReference | None = None
    fit: RawFit | None = None

    def to_arrow(self) -> pa.Table:
        """The table in Arrow form, for sealing to the gate; a population shared by cells is written once."""
        first: dict[int, int] = {}
        shared = [first.setdefault(id(cell.population), row) for row, cell in enumerate(self.cells)]
        about = {
            "template": self.template,
            "dimensions": ",".join(self.dimensions),
            "parts": ",".join(self.parts),
            "fit": "" if self.fit is None else ",".join(map(str, self.fit.figures)),
        } | _about_reference(self.reference)
        kept = _Kept.of(self.cells)
        about |= kept.about
        schema = _schema(self.parts, kept)
        columns: list[list[Any]] = [
            [list(cell.labels) for cell in self.cells],
            [cell.applicable for cell in self.cells],
            shared,
            [c.population if shared[row] == row else None for row, c in enumerate(self.cells)],
            [cell.days for cell in self.cells],
            *([cell.parts[name] for cell in self.cells] for name in self.parts),
        ]
        columns += [[cell.events[name] for cell in self.cells] for name in kept.events]
        columns += [[cell.values[name] for cell in self.cells] for name in kept.values]
        columns += [[cell.estimates[name] for cell in self.cells] for name in kept.estimates]
        arrays = [pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema.with_metadata(about))

    def to_bytes(self) -> bytes:
        """The table as an Arrow stream: the text that is sealed to the gate."""
        sink = pa.BufferOutputStream()
        table = self.to_arrow()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return bytes(sink.getvalue())

    @classmethod
    def from_arrow(cls, table: pa.Table) -> RawTable:
        """The table that `to_arrow` wrote; anything else is `NotTrusted(HAND_OVER_INVALID)`."""
        try:
            return cls._read(table)
        except (pa.ArrowException, ValueError, KeyError, TypeError, IndexError):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID) from None

    @classmethod
    def from_bytes(cls, stream: bytes) -> RawTable:
        """The table that `to_bytes` wrote; anything else is `NotTrusted(HAND_OVER_INVALID)`."""
        try:
            table = pa.ipc.open_stream(stream).read_all()
        except (pa.ArrowException, OSError):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID) from None
        return cls.from_arrow(table)

    @classmethod
    def _read(cls, table: pa.Table) -> RawTable:
        about = {name.decode(): text.decode() for name, text in (table.schema.metadata or {}).items()}
        parts = tuple(about["parts"].split(","))
        kept = _Kept.said(about)
        if not table.schema.equals(_schema(parts, kept), check_metadata=False):
            msg = "another schema"
            raise ValueError(msg)
        people = {name: _lists(table[_PART + name]) for name in parts}
        populations, days = _lists(table["population"]), _lists(table["days"])
        values = {name: _lists(table[_VALUES + name]) for name in kept.values}
        happened = {name: table[_EVENTS + name].to_pylist() for name in kept.events}
        estimates = {name: table[_ESTIMATE + name].to_pylist() for name in kept.estimates}
        rows = zip(
            *(table[name].to_pylist() for name in ("labels", "applicable", "population_row")), strict=True
        )
        cells = tuple(
            RawCell(
                labels=tuple(labels),
                population=populations[shared].astype(np.int32),
                parts={name: lists[row].astype(np.int32) for name, lists in people.items()},
                applicable=applicable,
                events={name: column[row] for name, column in happened.items()},
                days=days[row].astype(np.int64),
                values={name: lists[row].astype(np.int64) for name, lists in values.items()},
                estimates={name: _pair(column[row]) for name, column in estimates.items()},
            )
            for row, (labels, applicable, shared) in enumerate(rows)
        )
        dimensions = tuple(filter(None, about["dimensions"].split(",")))
        fit = RawFit(*map(int, about["fit"].split(","))) if about["fit"] else None
        return cls(about["template"], dimensions, parts, cells, _reference(about, parts), fit)


_PART, _EVENTS, _REFERENCE, _VALUES, _ESTIMATE = "part:", "events:", "reference:", "values:", "estimate:"


@dataclass(frozen=True)
class _Kept:
    """Names of what every cell has besides its parts."""

    events: tuple[str, ...]
    values: tuple[str, ...]
    estimates: tuple[str, ...]

    @classmethod
    def of(cls, cells: tuple[RawCell, ...]) -> _Kept:
        """What the first cell has; of no cells there is nothing."""
        return next((cls(*map(tuple, (c.events, c.values, c.estimates))) for c in cells), cls((), (), ()))

    @property
    def about(self) -> dict[str, str]:
        """The names as a table's metadata."""
        return {name: ",".join(names) for name, names in vars(self).items()}

    @classmethod
    def said(cls, about: Mapping[str, str]) -> _Kept:
        """The names from a table's metadata."""
        return cls(*(tuple(filter(None, about[each.name].split(","))) for each in fields(cls)))


def _schema(parts: tuple[str, ...], kept: _Kept) -> pa.Schema:
    columns = [
        pa.field("labels", pa.list_(pa.string()), nullable=False),
        pa.field("applicable", pa.bool_(), nullable=False),
        # a population is written once, in the first cell that has it: its row stands in the others
        pa.field("population_row", pa.int32(), nullable=False),
        pa.field("population", pa.large_list(pa.int32())),
        pa.field("days", pa.large_list(pa.int64()), nullable=False),
        *(pa.field(_PART + name, pa.large_list(pa.int32()), nullable=False) for name in parts),
    ]
    named = ((_EVENTS, kept.events), (_VALUES, kept.values), (_ESTIMATE, kept.estimates))
    columns += [
        pa.field(prefix + name, _TYPES[prefix], nullable=False) for prefix, names in named for name in names
    ]
    return pa.schema(columns)


_TYPES: Mapping[str, pa.DataType] = {
    _EVENTS: pa.int64(),
    _VALUES: pa.large_list(pa.int64()),
    _ESTIMATE: pa.list_(pa.float64(), 2),
}


def _pair(numbers: list[float]) -> tuple[float, float]:
    coefficient, error = numbers
    return coefficient, error


def _about_reference(reference: RawReference | None) -> dict[str, str]:
    if reference is None:
        return {"reference": ""}
    tallies = {"persons": reference.persons, "days": reference.days}
    tallies |= {_EVENTS + name: tally for name, tally in reference.events.items()}
    numbers = {f"{_REFERENCE}{name}": ",".join(map(str, tally.tolist())) for name, tally in tallies.items()}
    return {"reference": str(reference.sexes)} | numbers


def _reference(about: Mapping[str, str], parts: tuple[str, ...]) -> RawReference | None:
    if not about["reference"]:
        if any(name.startswith(_REFERENCE) for name in about):
            raise ValueError
        return None

    def tally(name: str) -> Tally:
        return np.array([int(number) for number in about[_REFERENCE + name].split(",")], dtype=np.int64)

    return RawReference(
        sexes=int(about["reference"]),
        persons=tally("persons"),
        days=tally("days"),
        events={name: tally(_EVENTS + name) for name in parts if f"{_REFERENCE}{_EVENTS}{name}" in about},
    )


def _lists(column: pa.ChunkedArray) -> dict[int, npt.NDArray[Any]]:
    """The lists of a column by row; rows without one are left out."""
    filled = (item for chunk in column.chunks for item in chunk)
    return {
        row: np.asarray(item.values.to_numpy(zero_copy_only=False))
        for row, item in enumerate(filled)
        if item.is_valid
    }
