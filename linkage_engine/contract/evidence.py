"""What an output checker sees before deciding: sealed to that checker, never on a page."""

from __future__ import annotations

from typing import Literal

from linkage_engine.contract.controlled_table import ControlledTable
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
    """A question, its controlled table, and beside each row the numbers from before control."""

    evidence: Literal[1] = 1
    release_id: RandomId
    project_id: Slug
    question: SignedQuestion
    table: ControlledTable
    exact: tuple[tuple[float | None, ...], ...]
    """For each row of the table one number a measure, as it was before control."""
    history: HistoryAudit
    suppression: TableAudit | None = None
    """Of a policy that hides numbers and rounds none."""
