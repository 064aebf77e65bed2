"""Linkage quality as an operator may see it: whether somebody is linked is a fact about a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.reports import LeftOutFigures, LinkageFigures, RunFigures, SpineFigures
from linkage_engine.disclosure.figures import CONFIDENTIAL
from linkage_engine.disclosure.linkage_quality import (
    ExactQuality,
    at_most,
    coarse_weight,
    controlled_quality,
    count_or_low,
    hidden_quality,
    links_may_be_told,
    rounded,
    shown,
    told,
)
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.policy_parts import Counts
from linkage_engine.disclosure.rounding import three_figures
from linkage_engine.disclosure.statistics.computed import share
from linkage_engine.disclosure.threshold import effective_threshold

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
    quality: ExactQuality | None = None
    """Nothing where an earlier version linked."""

    @classmethod
    def kept(cls, said: Mapping[str, Any]) -> Self:
        """What was kept of an earlier run; raises TypeError for anything else."""
        return cls(**{**said, "quality": ExactQuality.kept(said.get("quality"))})

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
    pairs: Mapping[str, ExactLinkage],
    policy: Policy,
    profile: LinkageProfile,
    *,
    spine: ExactSpine,
    repeated: Mapping[str, int] | None = None,
) -> RunFigures:
    """The figures of a run, with every number safe under the policy or withheld.

    `repeated` are for each provider the persons of whom it has more than one record. Under a policy that
    does not round they are rounded all the same: nobody audits runs against each other.
    """
    policy = policy if policy.counts.mechanism == "round" else policy.model_copy(update={"counts": _ROUNDED})
    return RunFigures(
        policy=policy.profile,
        linkage_profile=profile,
        effective_threshold=effective_threshold(policy.threshold.persons, policy.counts.method),
        rounding=policy.counts.method,
        pairs={name: controlled_figures(exact, policy) for name, exact in pairs.items()},
        spine=SpineFigures(
            **{name: told(getattr(spine, name), policy) for name in SpineFigures.model_fields}
        ),
        repeated={name: count_or_low(number, policy) for name, number in (repeated or {}).items()},
    )


def controlled_figures(exact: ExactLinkage, policy: Policy) -> LinkageFigures:
    """The figures of one pair of providers, with every number safe under the policy or withheld.

    1. Records and links are told from the effective threshold on, rounded; links only if those left
       without one, on either side, may be told as well (the complement).
    2. Where links are hidden, all that follows from them is.
    3. Shares are computed from the rounded numbers; weight and estimate are told on coarse steps.
    """
    records_a, records_b = told(exact.records_a, policy), told(exact.records_b, policy)
    seconds = {step: round(taken, 1) for step, taken in exact.seconds.items()}
    both, quality = (exact.records_a, exact.records_b), exact.quality
    if not links_may_be_told(exact.links, both, policy):
        few = told(exact.links, policy) is CONFIDENTIAL
        hidden = None if quality is None else hidden_quality(quality, are_few=few)
        return LinkageFigures(records_a=records_a, records_b=records_b, seconds=seconds, quality=hidden)
    links = rounded(exact.links, policy)
    return LinkageFigures(
        records_a=records_a,
        records_b=records_b,
        links=shown(links),
        linked_percent_a=shown(_percent(links, rounded(exact.records_a, policy))),
        linked_percent_b=shown(_percent(links, rounded(exact.records_b, policy))),
        candidate_pairs=shown(three_figures(rounded(exact.candidate_pairs, policy))),
        match_weight_threshold=shown(coarse_weight(exact.match_weight_threshold)),
        false_links_percent_at_most=shown(at_most(100 * exact.estimated_false_link_rate)),
        decoys=told(exact.decoys, policy),
        left_out={
            group: LeftOutFigures(
                tokens=told(counts["tokens"], policy), records=told(counts["records"], policy)
            )
            for group, counts in sorted(exact.left_out.items())
        },
        untrained_comparisons=exact.untrained_comparisons,
        seconds=seconds,
        quality=None if quality is None else controlled_quality(quality, policy, records=both),
    )


def _percent(links: int, records: int) -> float:
    """From rounded numbers; rounding keeps their order, so at most a hundred."""
    return share(links, records, per=100, decimals=1) if records else 0.0
