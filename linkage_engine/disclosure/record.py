"""The record of a table: what control did, told from the controlled rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    DisclosureRecord,
    Noise,
    PlannedMeasure,
    RuleFired,
    Statistic,
)
from linkage_engine.disclosure.figures import BANDS
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.threshold import effective_threshold


@dataclass(frozen=True)
class Provenance:
    """What a table answers and from which data."""

    specification_sha256: str
    data_version: str
    secret: bytes | None = field(default=None, repr=False)
    """Of the project whose data they are: what cell keys are made from, where a policy asks for them."""


Action = Literal["hidden", "banded", "rounded", "exact", "perturbed", "randomised", "recomputed"]

TOLD_AS: Mapping[str, Action] = {
    "round": "rounded",
    "suppress": "exact",
    "cellkey": "perturbed",
    "dp": "randomised",
}
"""What each mechanism does to what it tells."""


@dataclass(frozen=True)
class _Rule:
    """One line of the record: which numbers' statuses it counts, a cell once however many it has.

    Without an action it is the mechanism's, and the name says which.
    """

    name: str
    action: Action | None
    statistics: frozenset[Statistic]
    status: CellStatus


def _rule(name: str, action: Action | None, *statistics: Statistic) -> _Rule:
    status = CellStatus.CONFIDENTIAL if action == "hidden" else CellStatus.SHOWN
    return _Rule(name, action, frozenset(statistics), status)


def _band(name: str, status: CellStatus, *statistics: Statistic) -> _Rule:
    return _Rule(name, "banded", frozenset(statistics), status)


_S = Statistic
_LOW, _HIGH = CellStatus.LOW, CellStatus.HIGH
_VALUES = (_S.MEAN, _S.SD, _S.QUANTILE)
_CURVES = (_S.AT_RISK, _S.SURVIVAL, _S.INCIDENCE)
_RULES = (
    _Rule("impossible_cell", "hidden", frozenset({_S.POPULATION}), CellStatus.NOT_APPLICABLE),
    _rule("population_withheld", "hidden", _S.POPULATION),
    _rule("count_threshold", "hidden", _S.COUNT),
    _rule("events_threshold", "hidden", _S.EVENTS),
    _rule("reference_threshold", "hidden", _S.EXPECTED),
    _rule("values_withheld", "hidden", *_VALUES),
    _rule("curve_withheld", "hidden", *_CURVES),
    _rule("model_withheld", "hidden", _S.ESTIMATE),
    _band("count_low", _LOW, _S.COUNT),
    _band("count_high", _HIGH, _S.COUNT),
    _band("events_low", _LOW, _S.EVENTS),
    _band("time_low", _LOW, _S.PERSON_YEARS),
    _band("values_low", _LOW, *_VALUES),
    _band("values_high", _HIGH, *_VALUES),
    _band("curve_low", _LOW, *_CURVES),
    _band("curve_high", _HIGH, *_CURVES),
    _rule("population_{}", None, _S.POPULATION),
    _rule("count_{}", None, _S.COUNT),
    _rule("events_{}", None, _S.EVENTS),
    _rule("expected_rounded", "rounded", _S.EXPECTED),
    _rule("values_rounded", "rounded", *_VALUES),
    _rule("person_years_rounded", "rounded", _S.PERSON_YEARS),
    _rule("model_rounded", "rounded", _S.ESTIMATE),
    _rule("at_risk_{}", None, _S.AT_RISK),
    _rule("share_of_{}", "recomputed", _S.PERCENT, _S.PER_100_000, _S.SHARE_OF_TWO, _S.SHARE_OF_PART),
    _rule("sum_of_{}", "recomputed", _S.SUM, _S.TOGETHER),
    _rule("rate_of_{}", "recomputed", _S.RATE, _S.EXPECTED_RATE),
    _rule("ratio_of_{}", "recomputed", _S.RATIO, _S.SIZE_RATIO),
    _rule("capture_recapture_of_{}", "recomputed", _S.CHAPMAN),
    _rule("difference_of_{}", "recomputed", _S.DIFFERENCE),
    _rule("curve_of_{}", "recomputed", _S.SURVIVAL, _S.INCIDENCE),
    _rule(
        "interval_of_{}",
        "recomputed",
        _S.PERCENT_LOWER,
        _S.RATIO_LOWER,
        _S.RATE_LOWER,
        _S.DIFFERENCE_LOWER,
        _S.ESTIMATE_LOWER,
        _S.SHARE_OF_TWO_LOWER,
        _S.SHARE_OF_PART_LOWER,
        _S.CHAPMAN_LOWER,
    ),
)
"""In the order of the record; a table has those of its statistics."""


def record_of(
    rows: tuple[ControlledRow, ...],
    measures: tuple[PlannedMeasure, ...],
    policy: Policy,
    provenance: Provenance,
    *,
    audited: bool,
    noise: Noise | None = None,
) -> DisclosureRecord:
    """What was done, told from the controlled rows alone."""
    alike = Counter(tuple(map(_STATUS, row.values)) for row in rows)
    statuses = [
        ({(m.statistic, status) for m, status in zip(measures, each, strict=True)}, count)
        for each, count in alike.items()
    ]
    about = {measure.statistic for measure in measures}
    told_as = TOLD_AS[policy.counts.mechanism]

    def fired(rule: _Rule) -> int:
        touched = {(statistic, rule.status) for statistic in rule.statistics}
        cells = [(status, count) for status, count in statuses if status & touched]
        if rule.status is CellStatus.CONFIDENTIAL and Statistic.POPULATION not in rule.statistics:
            cells = [(status, count) for status, count in cells if _HIDDEN_WHOLE not in status]
        return sum(count for _, count in cells)

    return DisclosureRecord(
        policy=policy.profile,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        threshold=policy.threshold.persons,
        effective_threshold=effective_threshold(policy.threshold.persons, policy.counts.method),
        rounding=policy.counts.method,
        margins=policy.counts.margins,
        cells=len(rows),
        cells_hidden=sum(count for each, count in alike.items() if CellStatus.CONFIDENTIAL in each),
        cells_banded=sum(count for each, count in alike.items() if BANDS & set(each)),
        rules=tuple(
            RuleFired(rule=rule.name.format(told_as), action=rule.action or told_as, cells=fired(rule))
            for rule in _RULES
            if rule.statistics & about
        ),
        specification_sha256=provenance.specification_sha256,
        data_version=provenance.data_version,
        history_audited=audited,
        noise=noise,
    )


_STATUS = attrgetter("status")
_HIDDEN_WHOLE = (Statistic.POPULATION, CellStatus.CONFIDENTIAL)
"""Of such a row nothing is told, and no other rule was asked."""
