"""Disclosure control: the one function that makes a table fit to leave."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from pydantic import TypeAdapter

from linkage_engine.contract.controlled_table import (
    TOTAL,
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
    DisclosureRecord,
    PlannedMeasure,
)
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.figures import Column, Exact, Mechanism
from linkage_engine.disclosure.mechanisms.cell_keys import noise_of
from linkage_engine.disclosure.mechanisms.choice import mechanism_of
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.record import Provenance, record_of
from linkage_engine.disclosure.statistics.computed import Key, key_of
from linkage_engine.disclosure.statistics.registry import COMPUTED, TOLD


def control(
    table: ExactTable,
    policy: Policy,
    *,
    provenance: Provenance,
    withheld: Collection[int] | None = None,
    withheld_parts: Collection[tuple[int, str]] = (),
    secret: bytes | None = None,
) -> ControlledTable:
    """The table with every number either safe under the policy or withheld.

    `withheld` are the places of cells that an audit against earlier releases found unsafe, none perhaps;
    without an audit there is nothing, and the record says so. Where counts are told exactly it finds
    parts of cells too (`withheld_parts`).

    1. A cell that nobody can be in is not applicable.
    2. A population that may not be told, by its size or after that audit, hides the whole row, in the
       same way; what is told of a part of it has a rule by its statistic (`TOLD`), and where counts are
       rounded an outcome of few or of nearly all is told as a band.
    3. What the rules allow is told as the policy's mechanism tells it (`MECHANISMS`), which sees all
       measures at once and may hide more.
    4. Percentages, rates, ratios and intervals are computed from told numbers only (`COMPUTED`).
    5. The record is made from the controlled rows: it cannot say more than they do.

    `QueryRefused(TABLE_TOO_LARGE)` when the policy allows fewer dimensions or cells;
    `MECHANISM_NOT_AVAILABLE` when it asks for one that is not built; and what the mechanism raises.
    `NotTrusted(HAND_OVER_INVALID)` for a measure computed from numbers that are not among the measures.
    """
    mechanism = mechanism_of(policy)
    check_size(table, policy)
    exact = Exact(table, policy, frozenset(withheld or ()), frozenset(withheld_parts), secret)
    told = _told(exact, mechanism)
    noise = noise_of(policy.cellkey) if policy.counts.mechanism == "cellkey" else None
    return table_of(
        table,
        told,
        lambda rows: record_of(
            rows, table.measures, policy, provenance, audited=withheld is not None, noise=noise
        ),
    )


Told = Mapping[Key, Column]
"""What is told of exact cells, by what it is of."""


def table_of(
    table: ExactTable, told: Told, record: Callable[[tuple[ControlledRow, ...]], DisclosureRecord]
) -> ControlledTable:
    """The table of told numbers and what is computed from them; its record is made from its rows."""
    columns = [_column(measure, told) for measure in table.measures]
    inapplicable = (_NOT_APPLICABLE,) * len(columns)
    rows = _ROWS.validate_python(
        {"labels": cell.labels, "values": values if cell.applicable else inapplicable}
        for cell, values in zip(table.cells, zip(*columns, strict=True), strict=True)
    )
    return ControlledTable(
        title=table.title,
        template=table.template,
        dimensions=table.dimensions,
        measures=tuple(measure.published for measure in table.measures),
        rows=rows,
        record=record(rows),
    )


def check_size(table: ExactTable, policy: Policy) -> None:
    """Raise `QueryRefused(TABLE_TOO_LARGE)` when the policy allows fewer dimensions or cells.

    Dimensions count where they are crossed: a table whose cells are each of one dimension has one.
    """
    crossed = max((sum(label != TOTAL for label in cell.labels) for cell in table.cells), default=0)
    if crossed > policy.limits.dims or len(table.cells) > policy.limits.cells:
        raise QueryRefused(RefusalCode.TABLE_TOO_LARGE, cells=len(table.cells), allowed=policy.limits.cells)


_ROWS = TypeAdapter(tuple[ControlledRow, ...])
"""All rows at once: one by one takes twice as long."""
_NOT_APPLICABLE = ControlledValue(value=None, status=CellStatus.NOT_APPLICABLE)


def _told(exact: Exact, mechanism: Mechanism) -> Told:
    """What rules allow, as the mechanism tells it."""
    measures = exact.table.measures
    asked = {key_of(each.statistic, each): each for each in measures if each.statistic in TOLD}
    figures = [TOLD[each.statistic](exact, each) for each in asked.values()]
    return dict(zip(asked, mechanism(exact, figures), strict=True))


def _column(measure: PlannedMeasure, told: Told) -> Column:
    if measure.statistic in TOLD:
        return told[key_of(measure.statistic, measure)]
    rule = COMPUTED[measure.statistic]
    sources = rule.sources(measure)
    if not told.keys() >= set(sources):
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
    together = list(zip(*(told[source] for source in sources), strict=True))
    alike = [tuple((each.value, each.status) for each in numbers) for numbers in together]
    made = {said: rule.value(*numbers) for said, numbers in dict(zip(alike, together, strict=True)).items()}
    return tuple(made[said] for said in alike)
