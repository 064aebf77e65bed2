"""Outpatient appointments and contacts with community services: how often, and whether they were kept.

Rates are rounded to the shape of national figures; people with cancer have more of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
from linkage_engine.laboratory.england.people import Person

AGES = (0, 5, 15, 25, 45, 65, 75, 85)
OUTPATIENTS = Rates(AGES, (0.9, 0.6, 0.7, 1.0, 1.4, 2.1, 2.6, 2.3))
COMMUNITY = Rates(AGES, (1.2, 0.3, 0.15, 0.2, 0.35, 0.9, 2.6, 6.0))
MORE_OUTPATIENTS = Rise(before=3.0, soon=9.0, later=4.5)
MORE_COMMUNITY = Rise(before=1.4, soon=3.5, later=2.5)
KEPT = Weighted.of({"5": 78.0, "6": 2.0, "7": 0.3, "3": 7.0, "2": 6.7, "4": 6.0})


@dataclass(frozen=True, slots=True)
class Appointment:
    """One appointment; `kept` is the national code of whether it was attended."""

    day: date
    kept: str
    is_first: bool


def outpatient_appointments(dice: Dice, person: Person) -> tuple[Appointment, ...]:
    """A person's appointments from SINCE on."""
    return _appointments(dice, person, OUTPATIENTS, MORE_OUTPATIENTS)


def community_appointments(dice: Dice, person: Person) -> tuple[Appointment, ...]:
    """A person's contacts with community services from SINCE on."""
    return _appointments(dice, person, COMMUNITY, MORE_COMMUNITY)


def _appointments(dice: Dice, person: Person, rates: Rates, rise: Rise) -> tuple[Appointment, ...]:
    if last_day(person) < SINCE:
        return ()
    diagnoses, use = diagnoses_of(person), dice.draw(USE)
    days = sorted(
        contacts(dice, person, ages=AGES, rate=lambda day, age: use * rates.at(age) * rise.on(day, diagnoses))
    )
    return tuple(Appointment(day, dice.draw(KEPT), dice.chance(0.3)) for day in days)
