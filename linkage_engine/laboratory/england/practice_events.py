"""What a practice enters of a person: consultations, and of a cancer its diagnosis, review and support.

Practices code most cancers that the registry has, and a few that it has not; about two thirds are reviewed
within a year. The shares are rounded from published figures of one part of London.
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
from linkage_engine.laboratory.england.people import Person

AGES = (0, 5, 15, 25, 45, 65, 75, 85)
CONSULTATIONS = Rates(AGES, (4.5, 2.2, 3.0, 3.6, 4.4, 6.5, 8.5, 9.5))
MORE_CONSULTATIONS = Rise(before=1.7, soon=2.0, later=1.4)
CODED = 0.90
CODED_BY_MISTAKE = 0.0025
"""Of a life: a cancer on the register that the registry does not have."""
REVIEWED = 0.66
REVIEWED_WITHIN = 365
SUPPORTED = 0.55
SUPPORTED_WITHIN = 93
INVITED = 0.4
DECLINED = 0.03
STAFF = Weighted.of({"gp": 52.0, "nurse": 22.0, "other_clinical": 14.0, "pharmacist": 6.0, "unknown": 6.0})
MODES = Weighted.of({"face_to_face": 66.0, "telephone": 27.0, "online": 4.0, "home_visit": 2.0, "video": 1.0})


@dataclass(frozen=True, slots=True)
class PracticeEvent:
    """One entry, at the practice where the person was registered on the day."""

    day: date
    kind: str
    practice: str
    is_about_cancer: bool = False


def practice_events(dice: Dice, person: Person) -> tuple[PracticeEvent, ...]:
    """A person's entries in the order of days; none of a day without a practice."""
    days = [*_of_cancer(dice, person), *((day, "consultation") for day in _consultations(dice, person))]
    found, last = [], last_day(person)
    for day, kind in sorted(days):
        practice = _practice_on(day, person)
        if practice is not None and day <= last:
            found.append(PracticeEvent(day, kind, practice, is_about_cancer=kind != "consultation"))
    return tuple(found)


def _practice_on(day: date, person: Person) -> str | None:
    """The practice where somebody is registered on a day, or nothing."""
    for spell in person.registrations:
        if spell.start <= day and (spell.end is None or day < spell.end):
            return spell.practice
    return None


def _consultations(dice: Dice, person: Person) -> Iterator[date]:
    if last_day(person) >= SINCE:
        diagnoses, use = diagnoses_of(person), dice.draw(USE)
        yield from contacts(
            dice,
            person,
            ages=AGES,
            rate=lambda day, age: use * CONSULTATIONS.at(age) * MORE_CONSULTATIONS.on(day, diagnoses),
        )


def _of_cancer(dice: Dice, person: Person) -> Iterator[tuple[date, str]]:
    """Entries about cancers: of each that is known, and of some that were never."""
    days = list(diagnoses_of(person))
    if not days and dice.chance(CODED_BY_MISTAKE):
        days = [SINCE + timedelta(days=dice.between(0, 1000))]
    for day in days:
        if not dice.chance(CODED):
            continue
        coded = day + timedelta(days=dice.between(0, 42))
        yield coded, "diagnosis"
        if dice.chance(INVITED):
            yield coded + timedelta(days=dice.between(30, 200)), "invitation"
        if dice.chance(SUPPORTED):
            yield coded + timedelta(days=dice.between(1, SUPPORTED_WITHIN)), "support_info"
        if dice.chance(REVIEWED):
            yield coded + timedelta(days=dice.between(14, REVIEWED_WITHIN)), "review"
        elif dice.chance(DECLINED):
            yield coded + timedelta(days=dice.between(14, REVIEWED_WITHIN)), "dissent"
