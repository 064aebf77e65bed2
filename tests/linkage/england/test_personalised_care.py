"""What made-up trusts offer people with cancer: plausible rates, days in their order, some say nothing."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest

from linkage_engine.laboratory.england.contacts import SINCE, diagnoses_of, last_day
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE
from linkage_engine.laboratory.england.people import Person, everybody
from linkage_engine.laboratory.england.personalised_care import (
    TRUSTS,
    CareRecord,
    care_records,
)

Known = list[tuple[Person, CareRecord]]


@pytest.fixture(scope="module")
def records() -> Known:
    dice = Dice(5, block=0, purpose=902)
    people = [person for _, persons in everybody(25_000, seed=5) for person in persons]
    return [(person, record) for person in people for record in care_records(dice, person)]


def test_every_cancer_since_the_first_day_has_a_record_at_one_trust(records: Known) -> None:
    held = defaultdict(list)
    for person, record in records:
        held[person.index].append(record)
    for person, _ in records:
        assert len({record.trust for record in held[person.index]}) == 1
        assert len(held[person.index]) == sum(day >= SINCE for day in diagnoses_of(person))
    assert {record.trust for _, record in records} == {trust.code for trust in TRUSTS}


def test_days_are_in_order_and_nothing_but_a_summary_is_after_a_death(records: Known) -> None:
    for person, record in records:
        first, last = min(day for day in diagnoses_of(person) if day >= SINCE), last_day(person)
        days = (record.assessment.day, record.plan.day, record.started, record.ended)
        assert all(first <= day <= last for day in days if day is not None)
        if record.ended is not None:
            assert record.started is not None
            assert record.started < record.ended
        if record.summed_up is not None:
            assert record.ended is not None
            assert record.ended <= record.summed_up <= EXTRACT_DATE


def test_who_did_not_accept_has_no_day(records: Known) -> None:
    for _, record in records:
        for offer in (record.assessment, record.plan):
            assert offer.day is None or offer.status == "offered_accepted"


def test_a_quarter_of_trusts_say_nothing_and_the_others_offer_to_most(records: Known) -> None:
    silent = {trust.code for trust in TRUSTS if not trust.offers}
    assert len(silent) / len(TRUSTS) == 0.25
    told = [record.assessment.status for _, record in records if record.trust not in silent]
    assert all(not record.assessment.status for _, record in records if record.trust in silent)
    offered = [status for status in told if status.startswith("offered")]
    assert 0.76 < len(offered) / len([status for status in told if status]) < 0.89
    assert 0.52 < offered.count("offered_accepted") / len(offered) < 0.76, "four standard errors of 239"
    assert 0.01 < told.count("") / len(told) < 0.08


def test_most_summaries_are_written_within_half_a_year(records: Known) -> None:
    written = [
        (record.summed_up - record.ended) <= timedelta(days=183)
        for _, record in records
        if record.summed_up is not None and record.ended is not None
    ]
    assert 0.85 < sum(written) / len(written) <= 1.0
