"""What may leave: a table after disclosure control, and the record of what control did."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from linkage_engine.contract.value import FieldName, Sha256, ShortText, Slug, Value

TOTAL = "Total"
"""The label of a margin in any dimension."""


class CellStatus(StrEnum):
    """Shorthand of the Government Statistical Service for a number that is not shown."""

    SHOWN = ""
    CONFIDENTIAL = "[c]"
    NOT_APPLICABLE = "[z]"
    UNAVAILABLE = "[x]"


class Measure(Value):
    """One column of numbers."""

    name: FieldName
    title: ShortText
    unit: ShortText


class ControlledValue(Value):
    """One number after control; withheld numbers are absent and say why."""

    value: float | None
    status: CellStatus = CellStatus.SHOWN


class ControlledRow(Value):
    """One cell: a label for each dimension (or `Total`), a number for each measure."""

    labels: tuple[str, ...]
    values: tuple[ControlledValue, ...]


class RuleFired(Value):
    """How many cells one rule touched."""

    rule: FieldName
    action: Literal["hidden", "rounded", "recomputed"]
    cells: int


class DisclosureRecord(Value):
    """What control did to a table; no number from before control is in it."""

    record: Literal[1] = 1
    policy: Slug
    policy_version: int
    policy_sha256: Sha256
    threshold: int
    effective_threshold: int
    rounding: FieldName
    margins: Literal["independent"]
    cells: int
    cells_hidden: int
    rules: tuple[RuleFired, ...]
    specification_sha256: Sha256
    data_version: str
    history_audited: bool
    """Whether the table was audited against the project's earlier releases."""


class ControlledTable(Value):
    """A table that disclosure control made; nothing else may be released."""

    title: ShortText
    template: FieldName
    dimensions: tuple[FieldName, ...]
    measures: tuple[Measure, ...]
    rows: tuple[ControlledRow, ...]
    record: DisclosureRecord
