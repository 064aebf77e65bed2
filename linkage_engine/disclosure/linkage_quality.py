"""Quality figures of a linkage for its report: counts by the rules of counts, rates on coarse steps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue
from linkage_engine.contract.reports import LevelFigures, NumberedFigures, QualityFigures
from linkage_engine.disclosure.figures import CONFIDENTIAL
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.rounding import METHODS
from linkage_engine.disclosure.threshold import may_be_told

AT_MOST_PERCENT = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Steps of the estimated false links: an exact rate is a fraction of the number of links."""
STEPS_A_BIT = 2
"""An exact threshold is the match weight of one pair of records."""
NO_OVERLAP = "no-overlap"
LOW = ControlledValue(value=None, status=CellStatus.LOW)


@dataclass(frozen=True, slots=True)
class ExactQuality:
    """What one pair of providers' linkage came to beside its links: inside only."""

    outcome: str
    is_settled: bool
    strict: float
    lenient: float
    links_strict: int
    links_lenient: int
    false_rate_strict: float
    false_rate_lenient: float
    pair_weights: tuple[int, ...]
    decoy_weights: tuple[int, ...]
    unlinkable_a: int
    unlinkable_b: int
    duplicates_a: int
    duplicates_b: int
    matches_at_least: float
    numbered_pairs: int
    numbered_links: int
    numbered_correct: int
    resubmissions: int = 0

    def __repr__(self) -> str:
        return "ExactQuality(withheld)"

    @classmethod
    def kept(cls, said: Mapping[str, Any] | None) -> Self | None:
        """What was kept of an earlier run; nothing where an earlier version kept something else."""
        if said is None or set(said) != {field.name for field in fields(cls)}:
            return None
        lists = {name: tuple(said[name]) for name in ("pair_weights", "decoy_weights")}
        return cls(**{**said, **lists})


def controlled_quality(exact: ExactQuality, policy: Policy, *, records: tuple[int, int]) -> QualityFigures:
    """The quality of a linkage whose links may be told.

    1. Links at the other two weights are told as links are: only if those left without one may be too.
    2. Pairs of a band of weights, duplicates and records that cannot be linked are told from the effective
       threshold on; fewer, or none, are low.
    3. Of the records with a number, links that are false and pairs that were missed are told in the same way,
       and nothing is where hardly any link is right: that would tell it of each.
    """
    return QualityFigures(
        outcome=exact.outcome,
        is_settled=exact.is_settled,
        resubmissions=exact.resubmissions,
        strict=_level(exact.strict, exact.links_strict, exact.false_rate_strict, records, policy),
        lenient=_level(exact.lenient, exact.links_lenient, exact.false_rate_lenient, records, policy),
        pair_weights=tuple(count_or_low(number, policy) for number in exact.pair_weights),
        decoy_weights=tuple(count_or_low(number, policy) for number in exact.decoy_weights),
        unlinkable_a=count_or_low(exact.unlinkable_a, policy),
        unlinkable_b=count_or_low(exact.unlinkable_b, policy),
        duplicates_a=count_or_low(exact.duplicates_a, policy),
        duplicates_b=count_or_low(exact.duplicates_b, policy),
        matches_at_least=told(round(exact.matches_at_least), policy),
        numbered=_numbered(exact, policy),
    )


def hidden_quality(exact: ExactQuality, *, are_few: bool) -> QualityFigures:
    """The quality of a linkage whose links may not be told: how it came about, and no number.

    Few links are the same text as none.
    """
    hidden = (CONFIDENTIAL,) * len(exact.pair_weights)
    return QualityFigures(
        outcome=NO_OVERLAP if are_few else exact.outcome,
        is_settled=are_few or exact.is_settled,
        resubmissions=exact.resubmissions,
        pair_weights=hidden,
        decoy_weights=hidden,
    )


def links_may_be_told(links: int, records: tuple[int, int], policy: Policy) -> bool:
    """Whether there are enough links and, where the policy says so, enough records without one."""
    numbers = [links]
    if policy.threshold.complement:
        numbers += [each - links for each in records]
    return bool(may_be_told(np.array(numbers, dtype=np.int64), policy).all())


def _level(weight: float, links: int, rate: float, records: tuple[int, int], policy: Policy) -> LevelFigures:
    if not links_may_be_told(links, records, policy):
        return LevelFigures()
    return LevelFigures(
        match_weight=shown(coarse_weight(weight)),
        links=shown(rounded(links, policy)),
        false_links_percent_at_most=shown(at_most(100 * rate)),
    )


def _numbered(exact: ExactQuality, policy: Policy) -> NumberedFigures:
    pairs, links, correct = exact.numbered_pairs, exact.numbered_links, exact.numbered_correct
    if not may_be_told(np.array([pairs, links, correct], dtype=np.int64), policy).all():
        return NumberedFigures()
    return NumberedFigures(
        pairs=shown(rounded(pairs, policy)),
        links=shown(rounded(links, policy)),
        false_links=count_or_low(links - correct, policy),
        missed=count_or_low(max(pairs - correct, 0), policy),
    )


def told(number: int, policy: Policy) -> ControlledValue:
    """The rounded number, or that it is confidential."""
    if not may_be_told(np.array([number], dtype=np.int64), policy).all():
        return CONFIDENTIAL
    return shown(rounded(number, policy))


def count_or_low(number: int, policy: Policy) -> ControlledValue:
    """The rounded number, or that it is nothing or small."""
    found = told(number, policy)
    return LOW if found is CONFIDENTIAL else found


def rounded(number: int, policy: Policy) -> int:
    """The number as the policy rounds counts."""
    return int(METHODS[policy.counts.method](np.array([number], dtype=np.int64))[0])


def shown(number: float) -> ControlledValue:
    """A number that may be told."""
    return ControlledValue(value=number)


def coarse_weight(weight: float) -> float:
    """A match weight to the nearest half bit."""
    return round(weight * STEPS_A_BIT) / STEPS_A_BIT


def at_most(percent: float) -> float:
    """The next step of the scale."""
    return AT_MOST_PERCENT[min(bisect_left(AT_MOST_PERCENT, percent), len(AT_MOST_PERCENT) - 1)]
