"""Outcome counts out of a published number of people: what may be told, and the band that stands else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.disclosure.figures import Exact, Flags
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.primary.categories import tells_category
from linkage_engine.disclosure.rounding import METHODS, Counts, between
from linkage_engine.disclosure.threshold import effective_threshold, may_be_told

BANDING = "round"
"""The mechanism that has bands: beside an exact total `[low]` would be worked out from the other cells."""
DRAWING = frozenset({"cellkey", "dp"})
"""Mechanisms that blur: a decision by an exact share would undo what they draw."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Which numbers may be told, and for each what stands where it may not."""

    allowed: Flags
    bands: tuple[CellStatus, ...]

    def __repr__(self) -> str:
        return "Judged(withheld)"


def judged(exact: Exact, counts: Counts, *, is_ordinary: bool = False) -> Judged:
    """What may be told of how many of a cell's people an outcome has.

    1. Where the population is not told, nothing is; nor where it is too small for both sides to be told
       (`has_room`). Both follow from the population alone.
    2. Fewer than the effective threshold are low; all but fewer than it, where the policy protects those
       without the outcome, and more than the largest share of a category are high; of an ordinary category
       no share is too large.
    """
    policy, populations = exact.policy, exact.populations
    open_to = exact.populations_safe & has_room(populations, policy)
    few = np.logical_not(may_be_told(counts, policy))
    nearly_all = are_nearly_all(counts, populations, policy, is_ordinary=is_ordinary)
    return Judged(
        allowed=open_to & ~few & ~nearly_all,
        bands=bands(policy, low=open_to & few, high=open_to & ~few & nearly_all),
    )


def bands(policy: Policy, *, low: Flags, high: Flags) -> tuple[CellStatus, ...]:
    """What stands for each number that may not be told: its band, where the policy's mechanism has bands."""
    if policy.counts.mechanism != BANDING:
        return (CellStatus.CONFIDENTIAL,) * low.size
    return tuple(
        CellStatus.LOW if is_low else CellStatus.HIGH if is_high else CellStatus.CONFIDENTIAL
        for is_low, is_high in zip(low.tolist(), high.tolist(), strict=True)
    )


def has_room(populations: Counts, policy: Policy) -> Flags:
    """Which populations are so large that those with an outcome and those without may both be told.

    By the fewest people that the told number may stand for. In a smaller one a band would say of people
    that all, or most, have the outcome.
    """
    method = policy.counts.method
    both = 2 * effective_threshold(policy.threshold.persons, method)
    fewest, _ = between(METHODS[method](populations), method)
    return np.logical_or(fewest >= both, not policy.threshold.complement)


def are_nearly_all(
    counts: Counts, populations: Counts, policy: Policy, *, is_ordinary: bool = False
) -> Flags:
    """Which are all of the people but too few to tell, or a share that tells everybody's category."""
    nearly = np.zeros(counts.shape, dtype=np.bool_)
    if policy.threshold.complement:
        nearly |= ~may_be_told(populations - counts, policy)
    if policy.counts.mechanism not in DRAWING and not is_ordinary:
        rounded = METHODS[policy.counts.method]
        nearly |= tells_category(rounded(counts), rounded(populations), policy.group_disclosure)
    return nearly
