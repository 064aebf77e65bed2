"""Care at a hospital trust: attendances at its emergency department, and stays.

Rates are rounded to the shape of national figures. People with cancer come as much more often as has been
published: in the fifteen months after a diagnosis about 1.6 times the attendances and 1.97 times the
emergency admissions of others of their age and sex. A table about one England strays from that by chance: few
people have most contacts, and with 240 cases the ratios vary with a standard deviation of 0.15 and 0.31 even
over eight lives of each.
"""

from __future__ import annotations

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
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE, years_between
from linkage_engine.laboratory.england.people import Person

AGES = (0, 5, 15, 25, 45, 65, 75, 85)
ATTENDANCES = Rates(AGES, (0.75, 0.38, 0.45, 0.38, 0.33, 0.37, 0.58, 0.85))
ADMITTED = Rates(AGES, (0.12, 0.08, 0.083, 0.12, 0.19, 0.30, 0.39, 0.485))
"""The share of attendances that end in an admission."""
ADMISSIONS_ELSEWHERE = Rates(AGES, (0.03, 0.01, 0.0125, 0.015, 0.021, 0.0375, 0.075, 0.1375))
"""Emergency admissions a year that do not come through the trust's own emergency department."""
PLANNED = Rates(AGES, (0.05, 0.03, 0.05, 0.08, 0.18, 0.32, 0.38, 0.22))

# A little over a fifth of the time at risk is in the first quarter, and who is in hospital cannot come in:
# over the fifteen months the means are 1.6 and 1.97.
MORE_ATTENDANCES = Rise(before=1.5, soon=2.2, later=1.47)
MORE_ADMISSIONS = Rise(before=1.6, soon=3.0, later=1.74)
MORE_PLANNED = Rise(before=2.5, soon=8.0, later=4.0)

THROUGH_THE_DOOR = "21"
OTHER_EMERGENCY = Weighted.of(
    {"22": 34.0, "24": 16.0, "2A": 12.0, "2B": 10.0, "2D": 18.0, "28": 6.0, "23": 4.0}
)
PLANNED_METHODS = Weighted.of({"11": 45.0, "12": 35.0, "13": 20.0})
BORN_HERE = "82"
DAYS_IN_HOSPITAL = Rates(AGES, (1.5, 1.5, 2.0, 3.0, 5.0, 7.0, 9.0, 11.0))
DAYS_PLANNED = 3.0
DAY_CASES = 0.78
DISEASES = Weighted.of(
    {"J189": 12.0, "R074": 12.0, "N390": 9.0, "S720": 6.0, "I219": 7.0, "A419": 8.0, "K359": 4.0, "I639": 6.0,
     "J440": 8.0, "R104": 10.0, "L031": 6.0, "I500": 7.0, "S099": 5.0}
)  # fmt: skip
REASONS_PLANNED = Weighted.of(
    {"H269": 16.0, "M171": 8.0, "K409": 8.0, "D125": 12.0, "M169": 7.0, "Z530": 4.0}
)
LONG_TERM = ("I10X", "E119", "J449", "I48X", "N183", "F03X", "I251", "M179")
DUE_TO_CANCER = 0.45


@dataclass(frozen=True, slots=True)
class Attendance:
    """One arrival at the emergency department."""

    arrived: date
    is_admitted: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """One spell in hospital; without end while it lasts."""

    start: date
    end: date | None
    method: str
    is_day_case: bool
    disease: str
    other_diseases: tuple[str, ...]
    died: bool


@dataclass(frozen=True, slots=True)
class HospitalCare:
    """What the trust knows of one person, in the order of days."""

    attendances: tuple[Attendance, ...] = ()
    stays: tuple[Stay, ...] = ()


def hospital_care(dice: Dice, person: Person) -> HospitalCare:
    """Everything that happened to a person at the trust from SINCE on; nobody comes in who is in already."""
    if last_day(person) < SINCE:
        return HospitalCare()
    attendances: list[Attendance] = []
    stays: list[Stay] = []
    for day, kind in sorted(_arrivals(dice, person)):
        if stays and (stays[-1].end is None or day <= stays[-1].end):
            continue
        if kind:
            stays.append(_stay(dice, person, day, kind))
            continue
        is_admitted = dice.chance(_share_admitted(person, day))
        attendances.append(Attendance(day, is_admitted))
        if is_admitted:
            stays.append(_stay(dice, person, day, THROUGH_THE_DOOR))
    return HospitalCare(tuple(attendances), tuple(stays))


def _arrivals(dice: Dice, person: Person) -> list[tuple[date, str]]:
    """Days with the method of admission, or none for an attendance."""
    diagnoses, use = diagnoses_of(person), dice.draw(USE)

    def days(rates: Rates, rise: Rise) -> list[date]:
        found = contacts(
            dice,
            person,
            ages=AGES,
            rate=lambda day, age: use * rates.at(age) * rise.on(day, diagnoses),
        )
        return list(found)

    arrivals = [(day, "") for day in days(ATTENDANCES, MORE_ATTENDANCES)]
    arrivals += [(day, dice.draw(OTHER_EMERGENCY)) for day in days(ADMISSIONS_ELSEWHERE, MORE_ADMISSIONS)]
    arrivals += [(day, dice.draw(PLANNED_METHODS)) for day in days(PLANNED, MORE_PLANNED)]
    if person.born >= SINCE:
        arrivals.append((person.born, BORN_HERE))
    return arrivals


def _share_admitted(person: Person, day: date) -> float:
    diagnoses = diagnoses_of(person)
    more = MORE_ADMISSIONS.on(day, diagnoses) / MORE_ATTENDANCES.on(day, diagnoses)
    return min(0.95, more * ADMITTED.at(max(0.0, years_between(person.born, day))))


def _stay(dice: Dice, person: Person, day: date, method: str) -> Stay:
    is_planned = method in PLANNED_METHODS.values
    is_day_case = is_planned and dice.chance(DAY_CASES)
    age = max(0.0, years_between(person.born, day))
    mean = DAYS_PLANNED if is_planned else DAYS_IN_HOSPITAL.at(age)
    end = day if is_day_case else day + timedelta(days=int(mean * dice.waiting_time()))
    died = person.died is not None and end >= person.died and not is_day_case
    if died and person.died is not None:
        end = person.died
    return Stay(
        start=day,
        end=end if end <= EXTRACT_DATE else None,
        method=method,
        is_day_case=is_day_case,
        disease=_disease(dice, person, day, method),
        other_diseases=tuple(d for d in LONG_TERM if dice.chance(age / 600)),
        died=died,
    )


def _disease(dice: Dice, person: Person, day: date, method: str) -> str:
    """The site of a cancer that is known by then, for many; Z380 for a birth."""
    if method == BORN_HERE:
        return "Z380"
    sites = [tumour.site for tumour in person.history.tumours if tumour.diagnosed <= day]
    if sites and dice.chance(DUE_TO_CANCER):
        return sites[-1]
    return dice.draw(REASONS_PLANNED if method in PLANNED_METHODS.values else DISEASES)
