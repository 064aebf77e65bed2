"""What an output checker sees before deciding: sealed to that checker, never on a page."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Literal

from linkage_engine.contract.controlled_table import (
    BudgetUsed,
    ControlledTable,
    HistoryRecord,
    PublishedRecord,
)
from linkage_engine.contract.earlier import LookedBack
from linkage_engine.contract.excluded import PersonsBy
from linkage_engine.contract.reports import LinkageOfDataSets
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.contract.value import RandomId, ShortText, Slug, Value


class OutcomeLeverage(Value):
    """How much of an outcome the project could have learnt with this table, rounding taken into account."""

    outcomes: tuple[ShortText, ...]
    """Their names; several where everything below is the same."""
    sets: int
    """Sets of people over which they were told, by this table and all before."""
    told_otherwise: int
    """This table's sets over which an earlier one told them counted in another way: subtract the two."""
    ways: int
    """The most ways in which they were told over one of this table's sets, this way included."""
    mean: float
    """Of one yes or no about a person, the share that can be learnt: over everybody in those sets."""
    top1: float
    """The same over the hundredth of whom most can be."""


class Reason(StrEnum):
    """Why a number is not shown: for checkers alone, readers see one shorthand for most of them."""

    TOO_FEW = "too-few"
    """Too few people are in the cell, or counted in it."""
    COMPLEMENT = "complement"
    """Too few of the cell's people are not counted."""
    HISTORY = "history"
    """With what was told before, or in this table, a small group could be computed."""
    REFERENCE = "reference"
    """Too few of those compared with, or too few events among them."""
    RULE = "rule"
    """The statistic's own rule forbids it, or a number it is computed from is hidden for that."""
    OTHER_CELLS = "other-cells"
    """Safe by itself; hidden so that margins do not tell another."""
    NOISE = "noise"
    """With its noise the number came out too small, or too near to all."""
    NOT_APPLICABLE = "not-applicable"
    """Nobody can be in the cell."""
    UNAVAILABLE = "unavailable"
    """There is nothing to compute it from."""


class HistoryAudit(Value):
    """What the audit of a table against everything decided for the project before came to."""

    releases: int
    """Tables decided before this one."""
    sets: int
    """Distinct sets of people whose number those told."""
    withheld: int
    """Cells that are hidden although they are large enough: with them a small group could be computed."""
    rounds: int
    """How often admission decided until nothing new was given away."""
    groups: int
    """Small groups of people that are protected from being computed."""
    groups_known_before: int
    """Those of them that followed from earlier tables before any table listed them: hiding cannot help."""
    leverage_mean: float
    """The largest `mean` of the outcomes of this table."""
    leverage_top1: float
    """The largest `top1`."""
    leverage_mean_limit: float
    leverage_top1_limit: float
    outcomes: tuple[OutcomeLeverage, ...] = ()
    """Every outcome that this table tells, the most learnt first."""

    @property
    def over_budget(self) -> bool:
        """Whether more could be learnt than the policy allows."""
        return not (
            self.leverage_mean <= self.leverage_mean_limit and self.leverage_top1 <= self.leverage_top1_limit
        )

    @property
    def published(self) -> HistoryRecord:
        """What readers of the release may know of it."""
        return HistoryRecord(
            tables_before=self.releases,
            leverage_mean=_coarse(self.leverage_mean, self.leverage_mean_limit),
            leverage_top1=_coarse(self.leverage_top1, self.leverage_top1_limit),
            over_budget=self.over_budget,
        )


def _coarse(share: float, limit: float) -> BudgetUsed:
    tenths = 10 * share / limit
    return BudgetUsed(limit=limit, used_percent=10 * math.ceil(tenths) if math.isfinite(tenths) else None)


class TableAudit(Value):
    """What the audit of a table of exact numbers, some of them hidden, came to: by code of its own."""

    hidden: int
    """Numbers of people that are hidden."""
    secondary: int
    """Those of them that are large enough: with them a smaller one could be computed."""
    determined: int
    """Hidden numbers that what is shown leaves one value only."""
    undecided: int
    """Hidden numbers of which that is not known."""
    programs: int
    """Linear and integer programs solved."""
    witnesses: int
    """Other tables in whole numbers that look the same, checked without the solver."""


class Evidence(Value):
    """A question, its controlled table, and all that may not leave but has to be seen before it does."""

    evidence: Literal[2] = 2
    release_id: RandomId
    project_id: Slug
    question: SignedQuestion
    table: ControlledTable
    exact: tuple[tuple[float | None, ...], ...]
    """For each row of the table one number a measure, as it was before control."""
    reasons: tuple[tuple[Reason | None, ...], ...]
    """For each row of the table one a measure: nothing where the number is shown."""
    history: HistoryAudit
    earlier: LookedBack
    suppression: TableAudit | None = None
    """Of a policy that hides numbers and rounds none."""
    linkage: LinkageOfDataSets | None = None
    """Of a question about a linkage: what the run told of it, which leaves with the table."""
    excluded: tuple[PersonsBy, ...] = ()
    """What became of everybody whom the registry has in the period, exactly; it does not leave."""

    @property
    def record(self) -> PublishedRecord:
        """The disclosure record as the release would have it."""
        return PublishedRecord(**dict(self.table.record), history=self.history.published)
