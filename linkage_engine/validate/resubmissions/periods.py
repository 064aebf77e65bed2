"""Which submission speaks for which quarter: pure rules over counts of events by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from linkage_engine.catalogue.definitions.social_care import PeriodRules

MONTHS_A_YEAR = 12
MONTHS_A_QUARTER = 3


@dataclass(frozen=True)
class MonthOfEvents:
    """Events of one submission that ended in a month, and of how many kinds they were."""

    month: date
    events: int
    kinds: int


@dataclass(frozen=True)
class Submission:
    """What a submission says of itself, and what its rows say; `submitted` sorts by time."""

    submitted: str
    months: tuple[MonthOfEvents, ...]
    kinds: int
    """Of how many kinds its events are in all."""
    stated: tuple[date, date] | None = None


@dataclass(frozen=True)
class ReferencePeriod:
    """A quarter, and the submission that speaks for it."""

    submitted: str
    start: date
    end: date


def covered(submission: Submission, rules: PeriodRules) -> tuple[date, date] | None:
    """The first and last day that a submission covers: by its events, for what is stated is often longer.

    Months in which or after which it was submitted do not count, nor months with a small share of its events
    or with too few kinds of them. Of few events the stated period counts; nothing where there is none.
    """
    everything = sum(month.events for month in submission.months)
    if everything < rules.few_events:
        return submission.stated
    enough = min(submission.kinds, rules.types - rules.types_that_may_be_missing)
    counted = [
        month.month
        for month in submission.months
        if month.month.isoformat()[:7] < submission.submitted[:7]
        and 100 * month.events >= rules.month_share_percent * everything
        and month.kinds >= enough
    ]
    return (min(counted), _end_of_month(max(counted))) if counted else None


def reference_periods(
    submissions: Sequence[Submission], rules: PeriodRules
) -> tuple[tuple[ReferencePeriod, ...], tuple[str, ...]]:
    """For each calendar quarter the latest submission that covers all of it; and those that none covers."""
    spans = {each.submitted: span for each in submissions if (span := covered(each, rules)) is not None}
    periods, missing = [], []
    for start, end in _quarters(spans):
        latest = max(
            (name for name, (first, last) in spans.items() if first <= start and end <= last), default=None
        )
        if latest is None:
            missing.append(f"{start.year}Q{(start.month + MONTHS_A_QUARTER - 1) // MONTHS_A_QUARTER}")
        else:
            periods.append(ReferencePeriod(latest, start, end))
    return tuple(periods), tuple(missing)


def _quarters(spans: Mapping[str, tuple[date, date]]) -> Iterator[tuple[date, date]]:
    """Whole calendar quarters from the first covered day to the last."""
    if not spans:
        return
    first, last = min(start for start, _ in spans.values()), max(end for _, end in spans.values())
    start = _months_on(date(first.year, 1, 1), 0)
    while start <= last:
        end = _months_on(start, MONTHS_A_QUARTER) - timedelta(days=1)
        if start >= first and end <= last:
            yield start, end
        start = _months_on(start, MONTHS_A_QUARTER)


def _months_on(day: date, months: int) -> date:
    number = day.year * MONTHS_A_YEAR + day.month - 1 + months
    return date(number // MONTHS_A_YEAR, number % MONTHS_A_YEAR + 1, 1)


def _end_of_month(month: date) -> date:
    return _months_on(month, 1) - timedelta(days=1)
