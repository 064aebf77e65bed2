"""One release after all earlier ones: what is told of a table, and what the project then knows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce

import numpy as np

from linkage_engine.contract.controlled_table import (
    TOTAL,
    CellStatus,
    ControlledRow,
    ControlledTable,
    Statistic,
)
from linkage_engine.contract.evidence import HistoryAudit, OutcomeLeverage, TableAudit
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.contract.roles import AskedRoles
from linkage_engine.disclosure.admission.admit import Admitted, admit
from linkage_engine.disclosure.admission.state import State
from linkage_engine.disclosure.budget import Asked, check_roles, learnt, told_by
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.classification import Place, audited_parts, classified, set_at
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.gate.release import adds_nothing_small
from linkage_engine.disclosure.gate.verdict import Verdict
from linkage_engine.disclosure.history.cohorts import Cohorts
from linkage_engine.disclosure.history.sets import PersonSets
from linkage_engine.disclosure.history.told import Told
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.record import Provenance
from linkage_engine.disclosure.table_audit import audit_table
from linkage_engine.disclosure.threshold import may_be_told


@dataclass(frozen=True, eq=False)
class Decided:
    """A table that may leave, what is kept once it is decided, and what its checkers are told."""

    table: ControlledTable
    after: Past
    audit: HistoryAudit
    withheld: tuple[int, ...]
    """Places of the cells that admission hides: for the evidence."""
    suppression: TableAudit | None = None

    @property
    def state(self) -> State:
        """The sets told, with this table's."""
        return self.after.state

    def __repr__(self) -> str:
        return "Decided(withheld)"


def decide(
    past: Past,
    exact: ExactTable,
    policy: Policy,
    *,
    provenance: Provenance,
    generator: np.random.Generator,
    roles: AskedRoles | None = None,
) -> Decided:
    """What is told of a table after everything that was decided for the project before.

    1. The whole cohort may not differ by a few people from one that another filter made.
    2. Admission decides on the populations of the cells: they are the classification sets of which any
       outcome is a part. It is never given an outcome, but where a policy tells counts exactly and
       hides cells: there who is counted is a set like any other.
    3. Control makes the table without the cells that admission hides.
    4. The gate looks at what that table tells, by code of its own, after everything told before.
    5. Of each outcome of the table is measured how much of it everything told would give away.
    6. A table with hidden cells is audited by itself, by code of its own (`audit_table`).

    The randomness decides nothing: it is the gate's and admission's test vectors and the budget's sample.
    Without `roles` every part is an outcome of its own, and another specification another way to count it.
    Raises `QueryRefused`: COHORT_TOO_CLOSE; HISTORY_UNDECIDED unless the gate finds that nothing small can
    be computed; HISTORY_OVER_BUDGET where the policy says so; and what `control` raises. Raises
    `NotTrusted(HAND_OVER_INVALID)` for a table that divides people by an outcome.
    """
    roles = roles or AskedRoles(counted_as=provenance.specification_sha256)
    check_roles(exact, roles)
    cohorts = _with_cohort(past.cohorts, exact, roles, threshold=policy.history.min_difference)
    chance = generator.spawn(3)
    asked = classified(exact, policy)
    admitted = admit(past.state, asked.table, threshold=policy.history.min_difference, generator=chance[0])
    withheld = asked.withheld(admitted.decisions)
    table = control(
        exact,
        policy,
        provenance=provenance,
        withheld={place.cell for place in withheld if place.part is None},
        withheld_parts={(place.cell, place.part) for place in withheld if place.part is not None},
        secret=provenance.secret,
    )
    told = _told(exact, table, audited_parts(exact, policy))
    state, published = admitted.state, admitted.state.published
    verdict = adds_nothing_small(
        past.state.published,
        told,
        state.groups.joined(state.watched),
        threshold=state.threshold,
        generator=chance[1],
    )
    place_of = {digest: number for number, digest in enumerate(published.digests)}
    if verdict is not Verdict.SAFE or not set(told.digests) <= place_of.keys():
        raise QueryRefused(RefusalCode.HISTORY_UNDECIDED)
    over = {cell: place_of[digest] for cell, digest in asked.told(admitted.decisions).items()}
    outcomes = told_by(exact, over, Asked(roles, provenance.data_version, policy))
    shares = learnt(past.told, outcomes, published, generator=chance[2])
    large = may_be_told(np.array([set_at(exact, place).size for place in withheld], dtype=np.int64), policy)
    audit = _audit(past, admitted, policy, withheld=int(large.sum()), shares=shares)
    if audit.over_budget and policy.history.over_budget == "refuse":
        raise QueryRefused(RefusalCode.HISTORY_OVER_BUDGET)
    told_after = reduce(Told.joined, outcomes.values(), past.told)
    hidden = tuple(place.cell for place in withheld if place.part is None)
    after = Past(admitted.state, past.releases + 1, told_after, cohorts)
    return Decided(table, after, audit, hidden, _looked_through(exact, table, policy))


def unaudited(past: Past, table: ControlledTable, policy: Policy) -> Decided:
    """A table of counts with noise of their own: nothing is known after it that was not before."""
    nothing = Admitted((), past.state, 0)
    audit = _audit(past, nothing, policy, withheld=0, shares=())
    return Decided(table, past, audit, withheld=())


def _with_cohort(cohorts: Cohorts, exact: ExactTable, roles: AskedRoles, *, threshold: int) -> Cohorts:
    """The cohorts with the table's own: everybody in its grand total, where a filter says who belongs."""
    if roles.cohort is None:
        return cohorts
    made_by = bytes.fromhex(roles.cohort)
    whole = [cell.population for cell in exact.cells if set(cell.labels) <= {TOTAL}]
    if len(whole) != 1:
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
    if cohorts.too_close(made_by, whole[0], threshold=threshold):
        raise QueryRefused(RefusalCode.COHORT_TOO_CLOSE)
    return cohorts.with_(made_by, whole[0])


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
    past: Past, admitted: Admitted, policy: Policy, *, withheld: int, shares: tuple[OutcomeLeverage, ...]
) -> HistoryAudit:
    return HistoryAudit(
        releases=past.releases,
        sets=len(past.state.published),
        withheld=withheld,
        rounds=admitted.rounds,
        groups=len(admitted.state.groups),
        groups_known_before=admitted.state.groups_determined,
        leverage_mean=max((each.mean for each in shares), default=0.0),
        leverage_top1=max((each.top1 for each in shares), default=0.0),
        leverage_mean_limit=policy.history.leverage_mean,
        leverage_top1_limit=policy.history.leverage_top1,
        outcomes=shares,
    )
