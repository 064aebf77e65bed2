"""Exact cells with the people in them: a type that does not print, pickle or leave by accident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage_engine.contract.refusals import NotTrusted, RefusalCode

Persons = npt.NDArray[np.int32]
"""Sorted numbers of a project's own numbering: neither link ids nor person keys."""

_SCHEMA = pa.schema(
    [
        pa.field("labels", pa.list_(pa.string()), nullable=False),
        pa.field("applicable", pa.bool_(), nullable=False),
        pa.field("numerator", pa.large_list(pa.int32()), nullable=False),
        # the population is written once, in the first cell that has it: its row stands in the others
        pa.field("denominator_row", pa.int32(), nullable=False),
        pa.field("denominator", pa.large_list(pa.int32())),
    ]
)


class Withheld:
    """A value of the inside: it prints as its class alone and cannot be pickled."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(withheld)"

    def __reduce__(self) -> NoReturn:
        msg = "it stays inside"
        raise TypeError(msg)


@dataclass(frozen=True, eq=False, repr=False)
class RawCell(Withheld):
    """One cell: who is counted, out of whom."""

    labels: tuple[str, ...]
    numerator: Persons
    denominator: Persons
    applicable: bool


@dataclass(frozen=True, eq=False, repr=False)
class RawTable(Withheld):
    """The exact answer to a question, before disclosure control."""

    title: str
    template: str
    dimensions: tuple[str, ...]
    numerator_title: str
    denominator_title: str
    cells: tuple[RawCell, ...]

    def to_arrow(self) -> pa.Table:
        """The table in Arrow form, for sealing to the gate; a population shared by cells is written once."""
        first: dict[int, int] = {}
        shared = [first.setdefault(id(cell.denominator), row) for row, cell in enumerate(self.cells)]
        about = {name: getattr(self, name) for name in _TITLES} | {"dimensions": ",".join(self.dimensions)}
        columns: list[list[Any]] = [
            [list(cell.labels) for cell in self.cells],
            [cell.applicable for cell in self.cells],
            [cell.numerator for cell in self.cells],
            shared,
            [c.denominator if shared[row] == row else None for row, c in enumerate(self.cells)],
        ]
        arrays = [pa.array(values, type=field.type) for values, field in zip(columns, _SCHEMA, strict=True)]
        return pa.Table.from_arrays(arrays, schema=_SCHEMA.with_metadata(about))

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
        if not table.schema.equals(_SCHEMA, check_metadata=False):
            msg = "another schema"
            raise ValueError(msg)
        about = {name.decode(): text.decode() for name, text in (table.schema.metadata or {}).items()}
        denominators = _lists(table["denominator"])
        numerators = _lists(table["numerator"])
        cells = tuple(
            RawCell(tuple(labels), numerators[row], denominators[shared], applicable)
            for row, (labels, applicable, shared) in enumerate(
                zip(
                    table["labels"].to_pylist(),
                    table["applicable"].to_pylist(),
                    table["denominator_row"].to_pylist(),
                    strict=True,
                )
            )
        )
        return cls(
            cells=cells,
            dimensions=tuple(filter(None, about["dimensions"].split(","))),
            **{name: about[name] for name in _TITLES},
        )


_TITLES = ("title", "template", "numerator_title", "denominator_title")


def _lists(column: pa.ChunkedArray) -> dict[int, Persons]:
    """The lists of a column by row; rows without one are left out."""
    filled = (item for chunk in column.chunks for item in chunk)
    return {
        row: np.asarray(item.values.to_numpy(zero_copy_only=False), dtype=np.int32)
        for row, item in enumerate(filled)
        if item.is_valid
    }
