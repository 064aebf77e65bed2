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


class Statistic(StrEnum):
    """What a number is: by it disclosure control knows which rule holds.

    The first four are told from exact cells. The others are computed from those after control.
    """

    POPULATION = "population"
    """The people a cell is about."""
    COUNT = "count"
    """Those of them in a part."""
    EVENTS = "events"
    """What happened to them, each time it happened."""
    EXPECTED = "expected"
    """What would have happened to as many people of the same age and sex."""
    PERCENT = "percent"
    PER_100_000 = "per_100_000"
    PERCENT_LOWER = "percent_lower"
    PERCENT_UPPER = "percent_upper"
    RATIO = "ratio"
    RATIO_LOWER = "ratio_lower"
    RATIO_UPPER = "ratio_upper"


class PlannedMeasure(Measure):
    """A column before there are numbers: which statistic, of which part of the population."""

    statistic: Statistic
    part: FieldName | None = None
    """Nothing for the population itself."""

    @property
    def published(self) -> Measure:
        """The measure as a controlled table names it."""
        return Measure(name=self.name, title=self.title, unit=self.unit)


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
    action: Literal["hidden", "rounded", "exact", "recomputed"]
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
