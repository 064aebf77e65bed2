"""A released table read back from its files: the CSV by its CSVW description, and the record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
    Measure,
    PublishedRecord,
)
from service.releases.publication import as_csv, harmless

STATUS = "_status"


class NotATable(ValueError):
    """The files are not those of one controlled table; nothing of them is repeated."""


def read_table(
    data: bytes, described: Mapping[str, Any], record: PublishedRecord, *, template: str
) -> ControlledTable:
    """The controlled table of a CSV file, as its description and the record beside it say.

    What is read, written once more, is the same file byte by byte. Raises NotATable.
    """
    try:
        table = _table(data, described, record, template)
        same = as_csv(table) == data
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
        raise NotATable from None
    if not same:
        raise NotATable
    return table


def _table(
    data: bytes, described: Mapping[str, Any], record: PublishedRecord, template: str
) -> ControlledTable:
    columns: list[Mapping[str, Any]] = described["tableSchema"]["columns"]
    names = [column["name"] for column in columns]
    measures = [column for column in columns if f"{column['name']}{STATUS}" in names]
    dimensions = names[: len(names) - 2 * len(measures)]
    header, *lines = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    if header != names:
        raise NotATable
    return ControlledTable(
        title=described["dc:title"],
        template=template,
        dimensions=tuple(dimensions),
        measures=tuple(map(_measure, measures)),
        rows=tuple(
            ControlledRow(
                labels=tuple(map(_label, line[: len(dimensions)])),
                values=tuple(_values(line[len(dimensions) :])),
            )
            for line in lines
        ),
        record=record,
    )


def _label(field: str) -> str:
    """A label as it was: `-1` is written `'-1`, which no spreadsheet computes."""
    bare = field.removeprefix("'")
    return bare if harmless(bare) == field else field


def _measure(column: Mapping[str, Any]) -> Measure:
    """Title and unit are one text: `People with a diagnosis (persons)`."""
    title, _, unit = column["dc:description"].rpartition(" (")
    return Measure(name=column["name"], title=title, unit=unit.removesuffix(")"))


def _values(fields: Sequence[str]) -> Iterator[ControlledValue]:
    for number, status in zip(fields[::2], fields[1::2], strict=True):
        yield ControlledValue(value=float(number) if number else None, status=CellStatus(status))
