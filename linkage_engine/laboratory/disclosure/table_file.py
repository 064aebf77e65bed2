"""A table to measure: its file, and the specification that says what its columns are."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pydantic
import yaml
from pydantic import AfterValidator, Field, StringConstraints

from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.contract.value import Value
from linkage_engine.disclosure.policy import Policy

Numbers = npt.NDArray[np.int64]
DECIMALS = 6
"""A value has at most so many."""

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^=+\-@\t\r][^=]*$")]
"""No name that a spreadsheet would compute, and no equals sign: labels are `column=value`."""


def _once(dimensions: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    names = [name for columns in dimensions for name in columns]
    if len(set(names)) != len(names):
        raise ValueError
    return dimensions


class TableSpec(Value):
    """Which columns group the same thing, and which one counts; a key it does not know is refused."""

    dimensions: Annotated[
        tuple[Annotated[tuple[ColumnName, ...], Field(min_length=1)], ...],
        Field(min_length=1, max_length=6),
        AfterValidator(_once),
    ]
    count: ColumnName | None = None
    value: ColumnName | None = None
    contributor: ColumnName | None = None


@dataclass(frozen=True, eq=False)
class TableFile:
    """Labels of each record by column, its number, and who gave it; a unit is the smallest step."""

    spec: TableSpec
    labels: Mapping[str, Sequence[str]]
    numbers: Numbers
    unit: Decimal
    contributors: Sequence[str] | None


def read_spec(path: Path) -> TableSpec:
    """The specification of a file; one that is none is `QueryRefused(SPECIFICATION_INVALID)`."""
    try:
        spec = TableSpec.model_validate_json(path.read_bytes())
    except pydantic.ValidationError as fault:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID, faults=fault.error_count()) from None
    if (spec.count and spec.value) or (spec.contributor and not spec.value):
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    return spec


def read_policy(path: Path) -> Policy:
    """The policy of a YAML or JSON file; one that is none is `NotTrusted(POLICY_INVALID)`."""
    try:
        return Policy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except pydantic.ValidationError as fault:
        raise NotTrusted(RefusalCode.POLICY_INVALID, faults=fault.error_count()) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise NotTrusted(RefusalCode.POLICY_INVALID, faults=1) from None


def read_table(path: Path, spec: TableSpec) -> TableFile:
    """The table of a CSV file.

    `QueryRefused(COLUMNS_DIFFER)` where it has not the columns of the specification, each once;
    `TABLE_INVALID` without rows, with rows of another length, or with numbers that are missing, not
    finite, below nothing, or counts that are not whole.
    """
    header, rows = _rows(path)
    named = [name for columns in spec.dimensions for name in columns]
    counted = spec.count or spec.value
    needed = {*named, *filter(None, (counted, spec.contributor))}
    if not needed <= set(header) or len(set(header)) != len(header):
        raise QueryRefused(RefusalCode.COLUMNS_DIFFER, missing=len(needed - set(header)))
    if not rows or any(len(row) != len(header) for row in rows):
        raise QueryRefused(RefusalCode.TABLE_INVALID, rows=len(rows))
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    unit = Decimal(1)
    numbers = np.ones(len(rows), dtype=np.int64)
    if counted:
        numbers, unit = _whole(columns[counted], decimals=DECIMALS if spec.value else 0)
    contributors = columns[spec.contributor] if spec.contributor else None
    return TableFile(spec, {name: columns[name] for name in named}, numbers, unit, contributors)


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [row for row in csv.reader(file) if row] or [[]]
    except (UnicodeDecodeError, csv.Error):
        raise QueryRefused(RefusalCode.TABLE_INVALID) from None
    return header, rows


def _whole(texts: Sequence[str], *, decimals: int) -> tuple[Numbers, Decimal]:
    """Numbers as multiples of the smallest step that all of them are."""
    try:
        numbers = [Decimal(text.strip()) for text in texts]
    except InvalidOperation:
        raise QueryRefused(RefusalCode.TABLE_INVALID) from None
    bad = sum(not number.is_finite() or number < 0 or number > 2**53 for number in numbers)
    if bad:
        raise QueryRefused(RefusalCode.TABLE_INVALID, numbers=bad)
    unit = min((_step(number) for number in numbers), default=Decimal(1))
    if unit < Decimal(1).scaleb(-decimals):
        raise QueryRefused(RefusalCode.TABLE_INVALID, decimals=decimals)
    return np.array([int(number / unit) for number in numbers], dtype=np.int64), unit


def _step(number: Decimal) -> Decimal:
    """One, or the place of the last decimal that is not 0."""
    exponent = number.normalize().as_tuple().exponent
    return Decimal(1).scaleb(min(0, int(exponent)))
