"""What an output checker sees before deciding: sealed to that checker, never on a page."""

from __future__ import annotations

from typing import Literal

from linkage_engine.contract.controlled_table import ControlledTable
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.contract.value import RandomId, Slug, Value


class Evidence(Value):
    """A question, its controlled table, and beside each row the numbers from before control."""

    evidence: Literal[1] = 1
    release_id: RandomId
    project_id: Slug
    question: SignedQuestion
    table: ControlledTable
    exact: tuple[tuple[float | None, ...], ...]
    """For each row of the table one number a measure, as it was before control."""
