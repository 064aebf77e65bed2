"""Made-up people meet hospital and council at believable rates, more so about a diagnosis."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from statistics import mean, stdev

import pytest

from linkage_engine.catalogue.data_sets import code_list
from linkage_engine.laboratory.england.cancers import CancerHistory, Tumour
from linkage_engine.laboratory.england.contacts import SINCE, diagnoses_of
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.hospital import HospitalCare, hospital_care
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE
from linkage_engine.laboratory.england.people import Person, everybody
from linkage_engine.laboratory.england.social_care import CareEvent, care_events

DIAGNOSED = date(2022, 6, 1)
FIFTEEN_MONTHS = (DIAGNOSED, DIAGNOSED + timedelta(days=456))
LIVES = 4000
EMERGENCY = frozenset(code_list("admission_method").groups["emergency"])


@pytest.fixture(scope="module")
def well() -> Person:
    """Somebody of seventy without cancer."""
    found = next(p for _, persons in everybody(5000, seed=1) for p in persons if p.died is None)
    return replace(found, born=date(1952, 3, 4), history=CancerHistory())


@pytest.fixture(scope="module")
def ill(well: Person) -> Person:
    """The same with a diagnosis of cancer that they live with."""
    return replace(well, history=CancerHistory((a_tumour(DIAGNOSED, "C509"),)))


def a_tumour(day: date, site: str) -> Tumour:
    return Tumour(
        diagnosed=day,
        site=site,
        morphology="8500",
        behaviour="3",
        stage="2",
        side="L",
        evidence="7",
        route="gp_referral",
        age=70,
    )


def lives_at_hospital(person: Person) -> list[HospitalCare]:
    dice = Dice(1, block=0, purpose=0)
    return [hospital_care(dice, person) for _ in range(LIVES)]


def lives_at_council(person: Person) -> list[tuple[CareEvent, ...]]:
    dice = Dice(2, block=0, purpose=0)
    return [care_events(dice, person) for _ in range(LIVES)]


def counted(lives: list[HospitalCare], span: tuple[date, date]) -> tuple[int, int]:
    """Attendances and emergency admissions in a span of days, its end left out."""
    first, end = span
    attendances = sum(first <= a.arrived < end for life in lives for a in life.attendances)
    admissions = sum(first <= s.start < end and s.method in EMERGENCY for life in lives for s in life.stays)
    return attendances, admissions


def test_fifteen_months_after_a_diagnosis_hold_more_emergency_care(well: Person, ill: Person) -> None:
    of_well = counted(lives_at_hospital(well), FIFTEEN_MONTHS)
    of_ill = counted(lives_at_hospital(ill), FIFTEEN_MONTHS)
    # Published: 60 % more attendances, 97 % more emergency admissions.
    assert 1.45 < of_ill[0] / of_well[0] < 1.75
    assert 1.75 < of_ill[1] / of_well[1] < 2.20


def rise(england: int) -> list[float]:
    """How much more care all cases of one England have than themselves without it, over the days at risk."""
    dice, found = Dice(5, block=0, purpose=england), [[0, 0], [0, 0]]
    for _, persons in everybody(16000, seed=england):
        for person in persons:
            day = next((d for d in diagnoses_of(person) if d >= SINCE), None)
            if day is None:
                continue
            days = (day, min(day + timedelta(days=456), (person.died or EXTRACT_DATE) + timedelta(days=1)))
            for place, one in enumerate((person, replace(person, history=CancerHistory()))):
                lives = [hospital_care(dice, one) for _ in range(8)]
                found[place] = [a + b for a, b in zip(found[place], counted(lives, days), strict=True)]
    return [ill / well for ill, well in zip(*found, strict=True)]


@pytest.mark.deep
def test_over_eight_englands_the_rise_is_the_published_one_within_three_standard_errors() -> None:
    ratios = [rise(england) for england in range(1, 9)]
    for found, published in zip(zip(*ratios, strict=True), (1.60, 1.97), strict=True):
        error = stdev(found) / len(found) ** 0.5
        assert abs(mean(found) - published) < 3 * error
        assert error < 0.15


def test_long_after_a_diagnosis_there_is_no_more_than_before(well: Person, ill: Person) -> None:
    late = (FIFTEEN_MONTHS[1] + timedelta(days=30), EXTRACT_DATE)
    of_well, of_ill = (counted(lives_at_hospital(person), late) for person in (well, ill))
    assert 0.85 < of_ill[0] / of_well[0] < 1.15


def test_rates_of_a_population_are_those_of_england() -> None:
    dice, years, cares = Dice(3, block=0, purpose=0), 0.0, []
    for _, persons in everybody(6000, seed=3):
        for person in persons:
            end = person.died or EXTRACT_DATE
            years += max(0, (end - max(SINCE, person.born)).days) / 365.25
            cares.append(hospital_care(dice, person))
    attendances, admissions = counted(cares, (SINCE, EXTRACT_DATE))
    assert 0.34 < attendances / years < 0.50
    assert 0.07 < admissions / years < 0.13


def test_stays_of_a_person_are_one_after_another(ill: Person) -> None:
    for life in lives_at_hospital(ill):
        starts = [stay.start for stay in life.stays]
        assert starts == sorted(starts)
        for stay, following in zip(life.stays, life.stays[1:], strict=False):
            assert stay.end is not None
            assert stay.end < following.start


def test_who_was_born_here_has_a_stay_that_is_no_emergency(well: Person) -> None:
    baby = replace(well, born=SINCE + timedelta(days=9))
    first = hospital_care(Dice(1, block=0, purpose=0), baby).stays[0]
    assert (first.start, first.method, first.disease) == (baby.born, "82", "Z380")
    assert first.method not in EMERGENCY


def test_who_died_before_is_known_to_neither(well: Person) -> None:
    dead = replace(well, died=SINCE - timedelta(days=1))
    dice = Dice(1, block=0, purpose=0)
    assert hospital_care(dice, dead) == HospitalCare()
    assert care_events(dice, dead) == ()


def test_one_in_ten_is_assessed_within_three_months_of_a_diagnosis(well: Person, ill: Person) -> None:
    first, end = DIAGNOSED, DIAGNOSED + timedelta(days=91)

    def assessed(person: Person) -> float:
        found = (
            any(e.kind == "assessment" and first <= e.start < end for e in life)
            for life in lives_at_council(person)
        )
        return sum(found) / LIVES

    assert 0.04 < assessed(ill) < 0.12
    assert assessed(well) < 0.02


def test_events_of_the_dead_end_with_their_death(ill: Person) -> None:
    died = DIAGNOSED + timedelta(days=400)
    dead = replace(ill, died=died)
    events = [event for life in lives_at_council(dead) for event in life]
    assert all(event.start <= died for event in events)
    assert all(event.end is not None and event.start <= event.end <= died for event in events)
    assert any(event.outcome == "ended_died" for event in events)


def test_only_cancers_of_the_definition_count(well: Person) -> None:
    tumours = tuple(a_tumour(DIAGNOSED, site) for site in ("C444", "D051", "C61X"))
    assert diagnoses_of(replace(well, history=CancerHistory(tumours))) == (DIAGNOSED,)
