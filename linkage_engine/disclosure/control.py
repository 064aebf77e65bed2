"""Disclosure control: the one function that makes a table fit to leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
    DisclosureRecord,
    Measure,
    RuleFired,
)
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.rounding import METHODS, Counts
from linkage_engine.disclosure.threshold import effective_threshold, may_be_told

NUMERATOR, DENOMINATOR, PERCENT, PER_100_000 = range(4)
"""Where each measure stands in a row."""


@dataclass(frozen=True)
class Provenance:
    """What a table answers and from which data."""

    specification_sha256: str
    data_version: str


def control(table: ExactTable, policy: Policy, *, provenance: Provenance) -> ControlledTable:
    """The table with every number either safe under the policy or withheld.

    1. A cell that nobody can be in is not applicable.
    2. A population that may not be told hides the whole row; a count, or the people not counted,
       that may not be told hides the count and what is computed from it.
    3. What is left is rounded, every cell by itself, margins too.
    4. Percentages and rates are computed from rounded numbers only.
    5. The record is made from the controlled rows: it cannot say more than they do.

    `QueryRefused(TABLE_TOO_LARGE)` when the policy allows fewer dimensions or cells.
    """
    if len(table.dimensions) > policy.limits.dims or len(table.cells) > policy.limits.cells:
        raise QueryRefused(RefusalCode.TABLE_TOO_LARGE, cells=len(table.cells), allowed=policy.limits.cells)
    counts = np.array([cell.numerator.size for cell in table.cells], dtype=np.int64)
    populations = np.array([cell.denominator.size for cell in table.cells], dtype=np.int64)
    population_safe = may_be_told(populations, policy)
    count_safe = population_safe & _count_may_be_told(counts, populations, policy)
    rounded = METHODS[policy.counts.method]
    rows = tuple(
        ControlledRow(labels=cell.labels, values=_values(*figures) if cell.applicable else _NOT_APPLICABLE)
        for cell, *figures in zip(
            table.cells,
            np.where(count_safe, rounded(counts), _WITHHELD).tolist(),
            np.where(population_safe, rounded(populations), _WITHHELD).tolist(),
            strict=True,
        )
    )
    return ControlledTable(
        title=table.title,
        template=table.template,
        dimensions=table.dimensions,
        measures=_measures(table),
        rows=rows,
        record=_record(rows, policy, provenance),
    )


_WITHHELD = -1


def _count_may_be_told(counts: Counts, populations: Counts, policy: Policy) -> npt.NDArray[np.bool_]:
    counted = may_be_told(counts, policy)
    return counted & may_be_told(populations - counts, policy) if policy.threshold.complement else counted


def _values(count: int, population: int) -> tuple[ControlledValue, ...]:
    """The four measures of a row, from rounded or withheld numbers."""
    return (
        _shown_or_confidential(count),
        _shown_or_confidential(population),
        _share(count, population, per=100, decimals=1),
        _share(count, population, per=100_000, decimals=0),
    )


def _shown_or_confidential(number: int) -> ControlledValue:
    return _CONFIDENTIAL if number == _WITHHELD else ControlledValue(value=number)


def _share(count: int, population: int, *, per: int, decimals: int) -> ControlledValue:
    """So many of each `per`, halves up; whole numbers throughout, so that anybody gets the same."""
    if _WITHHELD in {count, population}:
        return _CONFIDENTIAL
    if population == 0:
        return ControlledValue(value=None, status=CellStatus.UNAVAILABLE)
    scale = 10**decimals
    return ControlledValue(value=(2 * count * per * scale + population) // (2 * population) / scale)


_CONFIDENTIAL = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)
_NOT_APPLICABLE = (ControlledValue(value=None, status=CellStatus.NOT_APPLICABLE),) * 4


def _measures(table: ExactTable) -> tuple[Measure, ...]:
    return (
        Measure(name="numerator", title=table.numerator_title, unit="persons"),
        Measure(name="denominator", title=table.denominator_title, unit="persons"),
        Measure(name="percent", title="Percentage of the population", unit="percent"),
        Measure(name="per_100_000", title="Per 100,000 of the population", unit="per 100,000 persons"),
    )


def _record(rows: tuple[ControlledRow, ...], policy: Policy, provenance: Provenance) -> DisclosureRecord:
    """What was done, told from the controlled rows alone."""

    def cells(measure: int, status: CellStatus) -> int:
        return sum(row.values[measure].status is status for row in rows)

    hidden, shown, inapplicable = CellStatus.CONFIDENTIAL, CellStatus.SHOWN, CellStatus.NOT_APPLICABLE
    by_population = cells(DENOMINATOR, hidden)
    rules = (
        RuleFired(rule="impossible_cell", action="hidden", cells=cells(NUMERATOR, inapplicable)),
        RuleFired(rule="population_threshold", action="hidden", cells=by_population),
        RuleFired(rule="count_threshold", action="hidden", cells=cells(NUMERATOR, hidden) - by_population),
        RuleFired(rule="population_rounded", action="rounded", cells=cells(DENOMINATOR, shown)),
        RuleFired(rule="count_rounded", action="rounded", cells=cells(NUMERATOR, shown)),
        RuleFired(rule="share_of_rounded", action="recomputed", cells=cells(PERCENT, shown)),
    )
    return DisclosureRecord(
        policy=policy.profile,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        threshold=policy.threshold.persons,
        effective_threshold=effective_threshold(policy.threshold.persons, policy.counts.method),
        rounding=policy.counts.method,
        margins=policy.counts.margins,
        cells=len(rows),
        cells_hidden=cells(NUMERATOR, hidden),
        rules=rules,
        specification_sha256=provenance.specification_sha256,
        data_version=provenance.data_version,
        history_audited=False,
    )
