"""Linkage quality as an operator may see it: whether somebody is linked is a fact about a person."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from linkage_engine.contract.controlled_table import ControlledValue
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.reports import LeftOutFigures, LinkageFigures, RunFigures, SpineFigures
from linkage_engine.disclosure.figures import CONFIDENTIAL
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.policy_parts import Counts
from linkage_engine.disclosure.rounding import METHODS, three_figures
from linkage_engine.disclosure.statistics.computed import share
from linkage_engine.disclosure.threshold import effective_threshold, may_be_told

AT_MOST_PERCENT = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Steps of the estimated false links: an exact rate is a fraction of the number of links."""
STEPS_A_BIT = 2
"""An exact threshold is the match weight of one pair of records."""


_ROUNDED = Counts(mechanism="round", method="midpoint6")


@dataclass(frozen=True, slots=True)
class ExactLinkage:
    """What the linkage of one pair of providers counted: inside only."""

    records_a: int
    records_b: int
    links: int
    candidate_pairs: int
    decoys: int
    left_out: Mapping[str, Mapping[str, int]]
    """By group of tokens, how many too many records share and how many records have such a one."""
    match_weight_threshold: float
    estimated_false_link_rate: float
    untrained_comparisons: tuple[str, ...]
    seconds: Mapping[str, float]

    def __repr__(self) -> str:
        return "ExactLinkage(withheld)"


@dataclass(frozen=True, slots=True)
class ExactSpine:
    """What a run did to the person spine: inside only."""

    records_new: int = 0
    records_changed: int = 0
    records_gone: int = 0
    records_withdrawn: int = 0
    persons_merged: int = 0
    persons_split: int = 0
    persons_ended: int = 0
    kept_apart: int = 0
    nhs_numbers_differ: int = 0
    dates_of_birth_differ: int = 0

    def __repr__(self) -> str:
        return "ExactSpine(withheld)"


def controlled_run(
    pairs: Mapping[str, ExactLinkage], policy: Policy, profile: LinkageProfile, *, spine: ExactSpine
) -> RunFigures:
    """The figures of a run, with every number safe under the policy or withheld.

    Under a policy that does not round they are rounded all the same: nobody audits runs against each other.
    """
    policy = policy if policy.counts.mechanism == "round" else policy.model_copy(update={"counts": _ROUNDED})
    return RunFigures(
        policy=policy.profile,
        linkage_profile=profile,
        effective_threshold=effective_threshold(policy.threshold.persons, policy.counts.method),
        rounding=policy.counts.method,
        pairs={name: controlled_figures(exact, policy) for name, exact in pairs.items()},
        spine=SpineFigures(
            **{name: _told(getattr(spine, name), policy) for name in SpineFigures.model_fields}
        ),
    )


def controlled_figures(exact: ExactLinkage, policy: Policy) -> LinkageFigures:
    """The figures of one pair of providers, with every number safe under the policy or withheld.

    1. Records and links are told from the effective threshold on, rounded; links only if those left
       without one, on either side, may be told as well (the complement).
    2. Where links are hidden, all that follows from them is.
    3. Shares are computed from the rounded numbers; weight and estimate are told on coarse steps.
    """
    records_a, records_b = _told(exact.records_a, policy), _told(exact.records_b, policy)
    seconds = {step: round(taken, 1) for step, taken in exact.seconds.items()}
    if not _links_may_be_told(exact, policy):
        return LinkageFigures(records_a=records_a, records_b=records_b, seconds=seconds)
    links = _rounded(exact.links, policy)
    return LinkageFigures(
        records_a=records_a,
        records_b=records_b,
        links=_shown(links),
        linked_percent_a=_shown(_percent(links, _rounded(exact.records_a, policy))),
        linked_percent_b=_shown(_percent(links, _rounded(exact.records_b, policy))),
        candidate_pairs=_shown(three_figures(_rounded(exact.candidate_pairs, policy))),
        match_weight_threshold=_shown(round(exact.match_weight_threshold * STEPS_A_BIT) / STEPS_A_BIT),
        false_links_percent_at_most=_shown(_at_most(100 * exact.estimated_false_link_rate)),
        decoys=_told(exact.decoys, policy),
        left_out={
            group: LeftOutFigures(
                tokens=_told(counts["tokens"], policy), records=_told(counts["records"], policy)
            )
            for group, counts in sorted(exact.left_out.items())
        },
        untrained_comparisons=exact.untrained_comparisons,
        seconds=seconds,
    )


def _links_may_be_told(exact: ExactLinkage, policy: Policy) -> bool:
    """Whether there are enough links and, where the policy says so, enough records without one."""
    numbers = [exact.links]
    if policy.threshold.complement:
        numbers += [exact.records_a - exact.links, exact.records_b - exact.links]
    return bool(may_be_told(np.array(numbers, dtype=np.int64), policy).all())


def _told(number: int, policy: Policy) -> ControlledValue:
    """The rounded number, or that it is confidential."""
    if not may_be_told(np.array([number], dtype=np.int64), policy).all():
        return CONFIDENTIAL
    return _shown(_rounded(number, policy))


def _rounded(number: int, policy: Policy) -> int:
    return int(METHODS[policy.counts.method](np.array([number], dtype=np.int64))[0])


def _shown(number: float) -> ControlledValue:
    return ControlledValue(value=number)


def _percent(links: int, records: int) -> float:
    """From rounded numbers; rounding keeps their order, so at most a hundred."""
    return share(links, records, per=100, decimals=1) if records else 0.0


def _at_most(percent: float) -> float:
    """The next step of the scale."""
    return AT_MOST_PERCENT[min(bisect_left(AT_MOST_PERCENT, percent), len(AT_MOST_PERCENT) - 1)]
