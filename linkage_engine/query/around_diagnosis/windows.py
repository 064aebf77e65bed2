"""Which days around a diagnosis a question is about: the periods of each template, in whole days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import (
    AroundDiagnosisSpecification,
    EmergencySpec,
    ExcessSpec,
    SocialCareSpec,
    TrajectorySpec,
)

SIXTEENTHS_OF_A_MONTH = 487
"""Of a day: a month is 365.25 / 12 = 30.4375 days, which is 487 sixteenths."""
YEAR_BEFORE, HORIZON = 365, 548
"""Days: the year before a diagnosis, and the last day on which a first event is looked for."""
MONTHS = {"month": 1, "quarter": 3}


@dataclass(frozen=True)
class Period:
    """Days from the diagnosis: the first that belongs to it, and the first that does not any more."""

    label: str
    from_day: int
    to_day: int


def periods(spec: AroundDiagnosisSpecification) -> tuple[Period, ...]:
    """Every period of a question, the last of which is all of them together."""
    if isinstance(spec, TrajectorySpec):
        each = tuple(_trajectory(spec))
        return (*each, Period(TOTAL, each[0].from_day, each[-1].to_day))
    if isinstance(spec, ExcessSpec):
        asked = spec.parameters
        return (Period(TOTAL, first_day(asked.from_month), first_day(asked.to_month)),)
    if isinstance(spec, SocialCareSpec):
        return (Period(TOTAL, -YEAR_BEFORE, HORIZON + 1),)
    assert isinstance(spec, EmergencySpec)  # there is no other
    return (Period(TOTAL, 0, spec.parameters.window_days),)


def _trajectory(spec: TrajectorySpec) -> Iterator[Period]:
    asked = spec.parameters
    months = MONTHS[asked.period]
    for number in range(-asked.months_before // months, asked.months_after // months):
        days = first_day(number * months), first_day((number + 1) * months)
        yield Period(f"{asked.period.capitalize()} {number}", *days)


def first_day(month: int) -> int:
    """The first whole day of a month, counted from the diagnosis: day d is in month floor(d / 30.4375)."""
    return -(-month * SIXTEENTHS_OF_A_MONTH // 16)
