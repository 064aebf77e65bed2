"""Practices' events, outpatients and community contacts: as often as stated, and more about a cancer."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from linkage_engine.laboratory.england.appointments import Appointment, outpatient_appointments
from linkage_engine.laboratory.england.contacts import SINCE, diagnoses_of, last_day
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.people import Person, everybody
from linkage_engine.laboratory.england.practice_events import PracticeEvent, practice_events

DAYS_A_YEAR = 365.25


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [person for _, persons in everybody(12_000, seed=3) for person in persons]


@pytest.fixture(scope="module")
def entries(people: list[Person]) -> list[tuple[Person, tuple[PracticeEvent, ...]]]:
    dice = Dice(3, block=0, purpose=900)
    return [(person, practice_events(dice, person)) for person in people]


@pytest.fixture(scope="module")
def clinics(people: list[Person]) -> list[tuple[Person, tuple[Appointment, ...]]]:
    dice = Dice(3, block=0, purpose=901)
    return [(person, outpatient_appointments(dice, person)) for person in people]


def test_entries_are_in_order_while_somebody_lives_and_is_registered(
    entries: list[tuple[Person, tuple[PracticeEvent, ...]]],
) -> None:
    for person, events in entries:
        assert all(a.day <= b.day for a, b in pairwise(events))
        for event in events:
            assert event.day <= last_day(person)
            assert event.practice in {r.practice for r in person.registrations}
            assert event.day >= SINCE or event.is_about_cancer


def test_practices_code_most_cancers_and_a_few_that_nobody_registered(
    entries: list[tuple[Person, tuple[PracticeEvent, ...]]],
) -> None:
    """The register of a practice beside the registry's: most in both, more missing than in excess."""
    found = Counter(
        (bool(diagnoses_of(person)), any(e.kind == "diagnosis" for e in events))
        for person, events in entries
        if person.registrations
    )
    assert 0.6 < found[True, True] / (found[True, True] + found[True, False]) < 0.95
    assert 0 < found[False, True] < 0.005 * found[False, False]
    assert found[False, True] < found[True, False]


def test_about_two_thirds_of_coded_cancers_are_reviewed_within_a_year(
    entries: list[tuple[Person, tuple[PracticeEvent, ...]]],
) -> None:
    kinds = Counter(event.kind for _, events in entries for event in events)
    assert 0.5 < kinds["review"] / kinds["diagnosis"] < 0.75
    assert 0.45 < kinds["support_info"] / kinds["diagnosis"] < 0.65
    assert set(kinds) <= {"consultation", "diagnosis", "review", "support_info", "invitation", "dissent"}


def test_people_with_cancer_have_more_appointments_after_the_diagnosis_than_before(
    clinics: list[tuple[Person, tuple[Appointment, ...]]],
) -> None:
    before = after = 0
    for person, appointments in clinics:
        for diagnosis in diagnoses_of(person):
            if diagnosis < date(2022, 7, 1):
                continue
            days = [(one.day - diagnosis).days for one in appointments]
            before += sum(-365 <= day < -91 for day in days)
            after += sum(0 <= day < 274 for day in days)
    assert after > 2 * before > 0


def test_appointments_are_kept_and_missed_as_often_as_stated(
    clinics: list[tuple[Person, tuple[Appointment, ...]]],
) -> None:
    kept = Counter(one.kept for _, appointments in clinics for one in appointments)
    assert 0.77 < (kept["5"] + kept["6"]) / kept.total() < 0.83
    assert all(one.day >= SINCE for _, appointments in clinics for one in appointments)
    years = sum(
        max(0, (last_day(p) - max(SINCE, p.born)).days) / DAYS_A_YEAR
        for p, _ in clinics
        if last_day(p) > SINCE
    )
    assert 0.7 < kept.total() / years < 2.2
