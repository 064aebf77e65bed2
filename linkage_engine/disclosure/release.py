"""One release after all earlier ones: what is told of a table, and what the project then knows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from linkage_engine.contract.controlled_table import CellStatus, ControlledRow, ControlledTable, Statistic
from linkage_engine.contract.evidence import HistoryAudit, TableAudit
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.admission.admit import Admitted, admit
from linkage_engine.disclosure.admission.state import State
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.classification import Place, audited_parts, classified, set_at
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.gate.release import adds_nothing_small
from linkage_engine.disclosure.gate.verdict import Verdict
from linkage_engine.disclosure.history.leverage import leverage
from linkage_engine.disclosure.history.sets import PersonSets
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.record import Provenance
from linkage_engine.disclosure.table_audit import audit_table
from linkage_engine.disclosure.threshold import may_be_told


@dataclass(frozen=True, eq=False)
class Past:
    """What was decided for a project so far: the state, and how many tables."""

    state: State
    releases: int

    def __repr__(self) -> str:
        return "Past(withheld)"


@dataclass(frozen=True, eq=False)
class Decided:
    """A table that may leave, the state with it, and what its checkers are told of the audit."""

    table: ControlledTable
    state: State
    audit: HistoryAudit
    suppression: TableAudit | None = None

    def __repr__(self) -> str:
        return "Decided(withheld)"


def decide(
    past: Past, exact: ExactTable, policy: Policy, *, provenance: Provenance, generator: np.random.Generator
) -> Decided:
    """What is told of a table after everything that was decided for the project before.

    1. Admission decides on the populations of the cells: they are the classification sets of which any
       outcome is a part. It is never given an outcome, but where a policy tells counts exactly and hides
       cells: there who is counted is a set like any other.
    2. Control makes the table without the cells that admission hides.
    3. The gate looks at what that table tells, by code of its own, after everything told before.
    4. The leverage of everything told is measured for the checkers.
    5. A table with hidden cells is audited by itself, by code of its own (`audit_table`).

    The randomness decides nothing: it is the gate's and admission's test vectors, the budget's sample, and
    what a mechanism draws that adds noise.
    Raises `QueryRefused`: HISTORY_UNDECIDED unless the gate finds that nothing small can be computed;
    HISTORY_OVER_BUDGET where the policy says so; and what `control` raises.
    """
    chance = generator.spawn(4)
    asked = classified(exact, policy)
    admitted = admit(past.state, asked.table, threshold=policy.history.min_difference, generator=chance[0])
    withheld = asked.withheld(admitted.decisions)
    table = control(
        exact,
        policy,
        provenance=provenance,
        withheld={place.cell for place in withheld if place.part is None},
        withheld_parts={(place.cell, place.part) for place in withheld if place.part is not None},
        generator=chance[3],
    )
    told = _told(exact, table, audited_parts(exact, policy))
    verdict = adds_nothing_small(past.state.published, told, admitted.state.groups, generator=chance[1])
    if verdict is not Verdict.SAFE or not set(told.digests) <= set(admitted.state.published.digests):
        raise QueryRefused(RefusalCode.HISTORY_UNDECIDED)
    large = may_be_told(np.array([set_at(exact, place).size for place in withheld], dtype=np.int64), policy)
    audit = _audit(past, admitted, policy, withheld=int(large.sum()), generator=chance[2])
    if audit.over_budget and policy.history.over_budget == "refuse":
        raise QueryRefused(RefusalCode.HISTORY_OVER_BUDGET)
    return Decided(table, admitted.state, audit, _looked_through(exact, table, policy))


def _looked_through(exact: ExactTable, table: ControlledTable, policy: Policy) -> TableAudit | None:
    """What the audit of a table with hidden cells came to; one that rounds has none."""
    if policy.counts.mechanism != "suppress":
        return None
    return audit_table(exact, table, threshold=policy.threshold.persons)


def _told(exact: ExactTable, table: ControlledTable, parts: Collection[str]) -> PersonSets:
    """The sets of people of which anything is told: nobody is in no set.

    Where parts are audited, a population or part is told where its own number is; else every number of a cell
    is of its population.
    """
    return PersonSets.of(
        set_at(exact, place)
        for cell, row in enumerate(table.rows)
        for place in _shown(exact, cell, row, parts)
        if set_at(exact, place).size
    )


def _shown(exact: ExactTable, cell: int, row: ControlledRow, parts: Collection[str]) -> set[Place]:
    shown = [
        each
        for each, value in zip(exact.measures, row.values, strict=True)
        if value.status is CellStatus.SHOWN
    ]
    if not parts:
        return {Place(cell) for _ in shown}
    return {
        Place(cell, each.part) for each in shown if each.statistic in {Statistic.POPULATION, Statistic.COUNT}
    }


def _audit(
    past: Past, admitted: Admitted, policy: Policy, *, withheld: int, generator: np.random.Generator
) -> HistoryAudit:
    published = admitted.state.published
    whom, numbers = np.unique(published.members, return_inverse=True)
    everybody = PersonSets(published.starts, numbers.astype(np.int32))
    learnt = leverage(everybody, persons=whom.size, generator=generator)
    return HistoryAudit(
        releases=past.releases,
        sets=len(past.state.published),
        withheld=withheld,
        rounds=admitted.rounds,
        groups=len(admitted.state.groups),
        groups_known_before=admitted.state.groups_determined,
        leverage_mean=learnt.mean,
        leverage_top1=learnt.top1,
        leverage_mean_limit=policy.history.leverage_mean,
        leverage_top1_limit=policy.history.leverage_top1,
    )
