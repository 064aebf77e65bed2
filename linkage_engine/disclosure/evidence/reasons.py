"""Why each number of a table is not shown, by its exact numbers: for the sealed evidence of checkers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    PlannedMeasure,
    Statistic,
)
from linkage_engine.contract.evidence import Reason
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.statistics.computed import Key, key_of
from linkage_engine.disclosure.statistics.outcomes import are_nearly_all, has_room
from linkage_engine.disclosure.statistics.registry import COMPUTED
from linkage_engine.disclosure.threshold import may_be_told

Reasons = tuple[Reason | None, ...]
"""For each measure of a cell why it is not shown; nothing where it is."""


def reasons(
    exact: ExactTable, table: ControlledTable, policy: Policy, *, withheld: Collection[int]
) -> tuple[Reasons, ...]:
    """For each cell and measure the first rule that hides the number, told from the exact numbers.

    `withheld` are the places of cells that the audit against earlier tables found unsafe. A number that is
    computed has the reason of what it is computed from.
    """
    if policy.counts.mechanism == "dp":
        return tuple(
            _of_noise(cell.applicable, row) for cell, row in zip(exact.cells, table.rows, strict=True)
        )
    measures = exact.measures
    of_cells = _of_cells(exact, policy, frozenset(withheld))
    of_numbers = {
        key_of(each.statistic, each): _of_numbers(each, exact, policy)
        for each in measures
        if each.statistic not in COMPUTED
    }
    found: list[Reasons] = []
    for place, (row, of_cell) in enumerate(zip(table.rows, of_cells, strict=True)):
        statuses = [value.status for value in row.values]
        hidden = {
            figure: of_numbers[figure][place]
            for figure, status in zip((key_of(m.statistic, m) for m in measures), statuses, strict=True)
            if figure in of_numbers and status is not CellStatus.SHOWN
        }
        found.append(
            tuple(
                None if status is CellStatus.SHOWN else of_cell or _of_measure(measure, status, hidden)
                for measure, status in zip(measures, statuses, strict=True)
            )
        )
    return tuple(found)


def _of_noise(applicable: bool, row: ControlledRow) -> Reasons:  # noqa: FBT001 - a fact of the cell
    """Why the numbers of a cell are hidden that chance decided about; never by its exact ones."""
    reason = Reason.NOISE if applicable else Reason.NOT_APPLICABLE
    return tuple(
        None
        if value.status is CellStatus.SHOWN
        else Reason.UNAVAILABLE
        if value.status is CellStatus.UNAVAILABLE
        else reason
        for value in row.values
    )


def _of_cells(exact: ExactTable, policy: Policy, withheld: Collection[int]) -> list[Reason | None]:
    """Why nothing is told of a cell; nothing where something may be."""
    large = may_be_told(np.array([cell.population.size for cell in exact.cells], dtype=np.int64), policy)
    found: list[Reason | None] = []
    for place, (cell, is_large) in enumerate(zip(exact.cells, large.tolist(), strict=True)):
        if not cell.applicable:
            found.append(Reason.NOT_APPLICABLE)
        elif not is_large:
            found.append(Reason.TOO_FEW)
        else:
            found.append(Reason.HISTORY if place in withheld else None)
    return found


def _of_numbers(measure: PlannedMeasure, exact: ExactTable, policy: Policy) -> Sequence[Reason]:
    """Why a number of each cell would not be told, were the cell's population told."""
    part, cells = measure.part, exact.cells
    if measure.statistic is Statistic.POPULATION:
        return [Reason.OTHER_CELLS] * len(cells)
    if part is None or measure.statistic not in {Statistic.COUNT, Statistic.EVENTS}:
        other = Reason.REFERENCE if measure.statistic is Statistic.EXPECTED else Reason.RULE
        return [other] * len(cells)
    if measure.statistic is Statistic.EVENTS and policy.counts.mechanism == "suppress":
        return [Reason.RULE] * len(cells)
    people = np.array([cell.parts[part].size for cell in cells], dtype=np.int64)
    populations = np.array([cell.population.size for cell in cells], dtype=np.int64)
    rest, enough = populations - people, may_be_told(people, policy)
    otherwise: Sequence[Reason] = [Reason.OTHER_CELLS] * len(cells)
    otherwise = _where(~has_room(populations, policy), Reason.RULE, otherwise)
    if measure.statistic is Statistic.EVENTS:
        events = np.array([cell.events[part] for cell in cells], dtype=np.int64)
        return _where(~(enough & may_be_told(events, policy)), Reason.TOO_FEW, otherwise)
    nearly_all = are_nearly_all(people, populations, policy, is_ordinary=measure.is_ordinary)
    otherwise = _where(nearly_all, Reason.RULE, otherwise)
    protected = policy.threshold.complement & ~may_be_told(rest, policy)
    others = _where(protected, Reason.COMPLEMENT, otherwise)
    return _where(~enough, Reason.TOO_FEW, others)


def _where(flags: np.ndarray, reason: Reason, others: Sequence[Reason]) -> list[Reason]:
    return [reason if flag else other for flag, other in zip(flags.tolist(), others, strict=True)]


def _of_measure(measure: PlannedMeasure, status: CellStatus, hidden: Mapping[Key, Reason]) -> Reason:
    """The reason of a number, or of what it is computed from."""
    own = hidden.get(key_of(measure.statistic, measure))
    if own is not None:
        return own
    if status is CellStatus.UNAVAILABLE:
        return Reason.UNAVAILABLE
    inputs = COMPUTED[measure.statistic].sources(measure)
    return next((hidden[each] for each in inputs if each in hidden), Reason.RULE)
