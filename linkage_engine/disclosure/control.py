"""Disclosure control: the one function that makes a table fit to leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
    DisclosureRecord,
    PlannedMeasure,
    RuleFired,
    Statistic,
)
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.statistics import COMPUTED, TOLD, Column, Exact
from linkage_engine.disclosure.threshold import effective_threshold


@dataclass(frozen=True)
class Provenance:
    """What a table answers and from which data."""

    specification_sha256: str
    data_version: str


def control(
    table: ExactTable, policy: Policy, *, provenance: Provenance, withheld: Collection[int] | None = None
) -> ControlledTable:
    """The table with every number either safe under the policy or withheld.

    `withheld` are the places of cells that an audit against earlier releases found unsafe, none perhaps;
    without an audit there is nothing, and the record says so.

    1. A cell that nobody can be in is not applicable.
    2. A population that may not be told, by its size or after that audit, hides the whole row, in the
       same way; what is told of a part of it has a rule by its statistic (`TOLD`).
    3. What is told is rounded, every cell by itself, margins too.
    4. Percentages, rates, ratios and intervals are computed from told numbers only (`COMPUTED`).
    5. The record is made from the controlled rows: it cannot say more than they do.

    `QueryRefused(TABLE_TOO_LARGE)` when the policy allows fewer dimensions or cells;
    `QueryRefused(MECHANISM_NOT_AVAILABLE)` when it asks for anything but rounding counts of persons.
    """
    if policy.counts.mechanism != "round" or policy.unit != "person":
        raise QueryRefused(RefusalCode.MECHANISM_NOT_AVAILABLE)
    if len(table.dimensions) > policy.limits.dims or len(table.cells) > policy.limits.cells:
        raise QueryRefused(RefusalCode.TABLE_TOO_LARGE, cells=len(table.cells), allowed=policy.limits.cells)
    columns = _columns(Exact(table, policy, frozenset(withheld or ())))
    inapplicable = (_NOT_APPLICABLE,) * len(columns)
    rows = tuple(
        ControlledRow(
            labels=cell.labels,
            values=tuple(column[place] for column in columns) if cell.applicable else inapplicable,
        )
        for place, cell in enumerate(table.cells)
    )
    return ControlledTable(
        title=table.title,
        template=table.template,
        dimensions=table.dimensions,
        measures=tuple(measure.published for measure in table.measures),
        rows=rows,
        record=_record(rows, table.measures, policy, provenance, audited=withheld is not None),
    )


_NOT_APPLICABLE = ControlledValue(value=None, status=CellStatus.NOT_APPLICABLE)


def _columns(exact: Exact) -> list[Column]:
    """One column a measure: first what is told, then what is computed from it."""
    measures = exact.table.measures
    told = {
        (each.statistic, each.part): TOLD[each.statistic](exact, each.part or "")
        for each in measures
        if each.statistic in TOLD
    }
    return [_column(measure, told) for measure in measures]


def _column(measure: PlannedMeasure, told: Mapping[tuple[Statistic, str | None], Column]) -> Column:
    if measure.statistic in TOLD:
        return told[measure.statistic, measure.part]
    rule = COMPUTED[measure.statistic]
    second = None if rule.second is Statistic.POPULATION else measure.part
    pairs = zip(told[rule.first, measure.part], told[rule.second, second], strict=True)
    return tuple(rule.value(*pair) for pair in pairs)


@dataclass(frozen=True)
class _Rule:
    """One line of the record: which numbers' statuses it counts, a cell once however many it has."""

    name: str
    action: Literal["hidden", "rounded", "recomputed"]
    statistics: frozenset[Statistic]
    status: CellStatus


def _rule(name: str, action: Literal["hidden", "rounded", "recomputed"], *statistics: Statistic) -> _Rule:
    status = CellStatus.CONFIDENTIAL if action == "hidden" else CellStatus.SHOWN
    return _Rule(name, action, frozenset(statistics), status)


_S = Statistic
_RULES = (
    _Rule("impossible_cell", "hidden", frozenset({_S.POPULATION}), CellStatus.NOT_APPLICABLE),
    _rule("population_withheld", "hidden", _S.POPULATION),
    _rule("count_threshold", "hidden", _S.COUNT),
    _rule("events_threshold", "hidden", _S.EVENTS),
    _rule("reference_threshold", "hidden", _S.EXPECTED),
    _rule("population_rounded", "rounded", _S.POPULATION),
    _rule("count_rounded", "rounded", _S.COUNT),
    _rule("events_rounded", "rounded", _S.EVENTS),
    _rule("expected_rounded", "rounded", _S.EXPECTED),
    _rule("share_of_rounded", "recomputed", _S.PERCENT, _S.PER_100_000),
    _rule("ratio_of_rounded", "recomputed", _S.RATIO),
    _rule("interval_of_rounded", "recomputed", _S.PERCENT_LOWER, _S.RATIO_LOWER),
)
"""In the order of the record; a table has those of its statistics."""


def _record(
    rows: tuple[ControlledRow, ...],
    measures: tuple[PlannedMeasure, ...],
    policy: Policy,
    provenance: Provenance,
    *,
    audited: bool,
) -> DisclosureRecord:
    """What was done, told from the controlled rows alone."""
    statuses = [{(m.statistic, v.status) for m, v in zip(measures, row.values, strict=True)} for row in rows]
    about = {measure.statistic for measure in measures}

    def fired(rule: _Rule) -> int:
        touched = {(statistic, rule.status) for statistic in rule.statistics}
        cells = [status for status in statuses if status & touched]
        if rule.status is CellStatus.CONFIDENTIAL and Statistic.POPULATION not in rule.statistics:
            cells = [status for status in cells if _HIDDEN_WHOLE not in status]
        return len(cells)

    return DisclosureRecord(
        policy=policy.profile,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        threshold=policy.threshold.persons,
        effective_threshold=effective_threshold(policy.threshold.persons, policy.counts.method),
        rounding=policy.counts.method,
        margins=policy.counts.margins,
        cells=len(rows),
        cells_hidden=sum(any(s is CellStatus.CONFIDENTIAL for _, s in status) for status in statuses),
        rules=tuple(
            RuleFired(rule=rule.name, action=rule.action, cells=fired(rule))
            for rule in _RULES
            if rule.statistics & about
        ),
        specification_sha256=provenance.specification_sha256,
        data_version=provenance.data_version,
        history_audited=audited,
    )


_HIDDEN_WHOLE = (Statistic.POPULATION, CellStatus.CONFIDENTIAL)
"""Of such a row nothing is told, and no other rule was asked."""
