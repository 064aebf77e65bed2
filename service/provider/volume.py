"""What a delivery lost since its predecessor: rows of a data set, or of whole quarters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.catalogue.data_sets import DataSet

ENOUGH = 20
"""Rows of which all are gone, or half, hardly by chance: of fewer nothing is said."""
QUARTERS_A_YEAR = 4
MONTHS_A_QUARTER = 3

Quarters = Mapping[str, int]
"""Rows by quarter, named as 2024Q1 (calendar quarters)."""


class Loss(StrEnum):
    """What a delivery may have lost; each is named in reports."""

    SHRUNK = "shrunk"
    """A data set has half of its rows or fewer."""
    QUARTER_GONE = "quarter-gone"
    """Quarters that had rows in the predecessor have none."""
    QUARTER_EMPTY = "quarter-empty"
    """Between quarters with rows there are some without, in this delivery itself."""


@dataclass(frozen=True)
class VolumeFinding:
    """One loss of one data set, in counts and quarters."""

    loss: Loss
    data_set: str
    before: int
    now: int
    quarters: tuple[str, ...] = ()

    @property
    def refuses(self) -> bool:
        """Whether nothing is sealed unless somebody says that it is meant."""
        return self.loss is not Loss.QUARTER_EMPTY

    def __str__(self) -> str:
        """The finding in words, without a value of a row."""
        if self.loss is Loss.SHRUNK:
            return f"{self.loss}: {self.data_set} has {self.now} rows, and had {self.before}"
        listed = ", ".join(self.quarters)
        if self.loss is Loss.QUARTER_GONE:
            return f"{self.loss}: {self.data_set} has no rows of {listed}, and had {self.before}"
        return f"{self.loss}: {self.data_set} has no rows of {listed}, between quarters that have"


def rows_by_quarter(table: pa.Table, schema: DataSet) -> dict[str, int]:
    """Rows by the quarter of the data set's first day, which is ISO text; others are in no quarter."""
    found = Counter[str]()
    if schema.lifetime:
        days = table.column(schema.lifetime[0]).cast(pa.string())
        readable = days.filter(
            pc.fill_null(pc.match_substring_regex(days, r"^\d{4}-\d\d-\d\d$"), fill_value=False)
        )
        months = pc.utf8_slice_codeunits(readable, 0, len("2024-01"))
        for counted in pc.value_counts(months).to_pylist():
            year, month = counted["values"].split("-")
            found[f"{year}Q{(int(month) + MONTHS_A_QUARTER - 1) // MONTHS_A_QUARTER}"] += counted["counts"]
    return dict(sorted(found.items()))


def losses(
    rows_before: Mapping[str, int],
    rows_now: Mapping[str, int],
    quarters_before: Mapping[str, Quarters],
    quarters_now: Mapping[str, Quarters],
) -> tuple[VolumeFinding, ...]:
    """What was lost, by data set: of rows, of quarters, and what is empty within this delivery."""
    findings: list[VolumeFinding] = []
    for name in dict.fromkeys((*rows_before, *rows_now)):
        before, now = rows_before.get(name, 0), rows_now.get(name, 0)
        if before >= ENOUGH and 2 * now <= before:
            findings.append(VolumeFinding(Loss.SHRUNK, name, before, now))
        had, has = quarters_before.get(name, {}), quarters_now.get(name, {})
        gone = tuple(quarter for quarter in had if had[quarter] >= ENOUGH and not has.get(quarter))
        if gone and now:
            lost = sum(had[quarter] for quarter in gone)
            findings.append(VolumeFinding(Loss.QUARTER_GONE, name, lost, 0, gone))
        empty = tuple(quarter for quarter in _gaps(has) if quarter not in gone)
        if empty:
            findings.append(VolumeFinding(Loss.QUARTER_EMPTY, name, 0, 0, empty))
    return tuple(findings)


def _gaps(quarters: Quarters) -> Iterator[str]:
    """Quarters without a row between the first and the last that have enough."""
    full = [_number(quarter) for quarter, rows in quarters.items() if rows >= ENOUGH]
    having = {_number(quarter) for quarter, rows in quarters.items() if rows}
    for number in range(min(full, default=0), max(full, default=0)):
        if number not in having:
            yield f"{number // QUARTERS_A_YEAR}Q{number % QUARTERS_A_YEAR + 1}"


def _number(quarter: str) -> int:
    year, _, of_year = quarter.partition("Q")
    return int(year) * QUARTERS_A_YEAR + int(of_year) - 1
