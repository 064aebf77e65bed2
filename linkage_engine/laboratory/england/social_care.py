"""Adult social care by a council: requests, assessments, services and reviews.

Rates are rounded to the shape of national figures; about one in ten people with cancer is assessed within
three months of the diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from linkage_engine.laboratory.england.contacts import (
    SINCE,
    USE,
    Rates,
    Rise,
    contacts,
    diagnoses_of,
    last_day,
)
from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.lifespan import DAYS_A_YEAR, EXTRACT_DATE, years_between
from linkage_engine.laboratory.england.people import Person

AGES = (0, 18, 65, 75, 85)
REQUESTS = Rates(AGES, (0.0, 0.012, 0.035, 0.11, 0.32))
MORE_REQUESTS = Rise(before=2.0, soon=15.0, later=2.0)
ANSWERS = Weighted.of({"assessment": 60.0, "reablement": 12.0, "advice": 28.0})
NEEDS_MET = 0.45
"""The share of assessments after which there is no long-term support."""
IN_A_HOME = Rates(AGES, (0.0, 0.04, 0.08, 0.16, 0.28))
HOMES = Weighted.of(
    {("long_term_residential", "residential_home"): 60.0, ("long_term_nursing", "nursing_home"): 40.0}
)
AT_HOME = Weighted.of(
    {
        ("long_term_community", "home_care"): 56.0,
        ("long_term_community", "direct_payment"): 16.0,
        ("long_term_community", "day_support"): 10.0,
        ("long_term_community", "equipment"): 10.0,
        ("long_term_community", "extra_care_housing"): 5.0,
        ("long_term_community", "supported_living"): 3.0,
    }
)
REABLEMENT = ("short_term_reablement", "reablement")
YEARS_OF_SUPPORT = 2.2
DAYS_OF_REABLEMENT = 42
CARERS = 0.08
SUPPORT_REASONS = Weighted.of(
    {"physical_personal_care": 55.0, "physical_access": 15.0, "memory_cognition": 12.0, "mental_health": 9.0,
     "learning_disability": 4.0, "sensory": 3.0, "social": 2.0}
)  # fmt: skip
ROUTES = Weighted.of({"community": 72.0, "hospital_discharge": 22.0, "hospital_avoidance": 4.0, "other": 2.0})


@dataclass(frozen=True, slots=True)
class CareEvent:
    """One event; `service` is type and component, `outcome` what followed, in the catalogue's codes."""

    kind: str
    start: date
    end: date | None
    is_carer: bool
    reason: str
    outcome: str
    route: str = ""
    service: tuple[str, str] | None = None


def care_events(dice: Dice, person: Person) -> tuple[CareEvent, ...]:
    """Everything the council entered about a person from SINCE on, none of it after the death.

    Who has support asks for none.
    """
    if last_day(person) < SINCE:
        return ()
    diagnoses, use = diagnoses_of(person), dice.draw(USE)
    requests = contacts(
        dice,
        person,
        ages=AGES,
        rate=lambda day, age: use * REQUESTS.at(age) * MORE_REQUESTS.on(day, diagnoses),
    )
    events: list[CareEvent] = []
    supported = date.min
    for day in list(requests):
        if day > supported:
            case = [event for event in _case(dice, person, day) if event.start <= last_day(person)]
            supported = max(event.end or EXTRACT_DATE for event in case)
            events += [_ended(event, person) for event in case]
    return tuple(events)


def _case(dice: Dice, person: Person, day: date) -> Iterator[CareEvent]:
    """From a request to the last review."""
    is_carer, reason = dice.chance(CARERS), dice.draw(SUPPORT_REASONS)
    reason = "carer" if is_carer else reason
    answer = dice.draw(ANSWERS)
    outcome = {"assessment": "assessment", "reablement": "short_term", "advice": "other_services"}[answer]
    yield CareEvent("request", day, day, is_carer, reason, outcome, route=dice.draw(ROUTES))
    if answer == "reablement":
        start = day + timedelta(days=dice.between(1, 7))
        end = start + timedelta(days=DAYS_OF_REABLEMENT)
        yield CareEvent("service", start, end, is_carer, reason, "ended_needs_met", service=REABLEMENT)
    if answer == "assessment":
        assessed = day + timedelta(days=dice.between(1, 28))
        is_met = dice.chance(NEEDS_MET)
        end = assessed + timedelta(days=dice.between(0, 14))
        outcome = "none" if is_met else "long_term"
        yield CareEvent("assessment", assessed, end, is_carer, reason, outcome)
        if not is_met:
            yield from _support(dice, person, end, is_carer=is_carer, reason=reason)


def _support(dice: Dice, person: Person, day: date, *, is_carer: bool, reason: str) -> Iterator[CareEvent]:
    """A long-term service and its yearly reviews."""
    start = day + timedelta(days=dice.between(1, 21))
    end = start + timedelta(days=7 + int(YEARS_OF_SUPPORT * dice.waiting_time() * DAYS_A_YEAR))
    in_a_home = not is_carer and dice.chance(IN_A_HOME.at(years_between(person.born, start)))
    service = dice.draw(HOMES if in_a_home else AT_HOME)
    if is_carer:
        service = ("carer_direct", dice.pick(("respite", "direct_payment", "advice")))
    yield CareEvent("service", start, end, is_carer, reason, "ended_other", service=service)
    review = start + timedelta(days=dice.between(300, 420))
    while review < min(end, last_day(person)):
        yield CareEvent("review", review, review, is_carer, reason, "continues")
        review += timedelta(days=dice.between(300, 420))


def _ended(event: CareEvent, person: Person) -> CareEvent:
    """The event as it stands on the day of the extract: cut off by a death, or still going on."""
    if event.end is None or event.end <= last_day(person):
        return event
    is_dead = person.died is not None
    return CareEvent(
        event.kind,
        event.start,
        person.died,
        event.is_carer,
        event.reason,
        "ended_died" if is_dead else "",
        event.route,
        event.service,
    )
