"""Made-up surveys: who is written to, who answers, and what they say, against published figures."""

from __future__ import annotations

from datetime import timedelta
from statistics import mean

import pytest

from linkage_engine.laboratory.england.contacts import SINCE, diagnoses_of
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE
from linkage_engine.laboratory.england.people import Person, everybody
from linkage_engine.laboratory.england.survey import DIMENSIONS, ITEMS, OVERALL, Survey, survey

Sent = list[tuple[Person, Survey]]


@pytest.fixture(scope="module")
def sent() -> Sent:
    dice = Dice(5, block=0, purpose=903)
    people = [person for _, persons in everybody(60_000, seed=5) for person in persons]
    return [(person, one) for person in people if (one := survey(dice, person)) is not None]


def test_people_are_written_to_about_eighteen_months_after_their_first_cancer(sent: Sent) -> None:
    for person, one in sent:
        assert 500 <= (one.invited - min(diagnoses_of(person))).days <= 600
        assert SINCE <= one.invited <= EXTRACT_DATE
        assert person.died is None or one.invited < person.died
        assert one.invited >= person.born + timedelta(days=16 * 365)


def test_who_answered_did_so_alive_and_after_the_invitation(sent: Sent) -> None:
    for person, one in sent:
        if one.answered is None:
            assert (one.answers, one.mode, one.consents) == ((), "", False)
        else:
            assert one.invited < one.answered <= EXTRACT_DATE
            assert person.died is None or one.answered < person.died


def test_about_half_answer_with_a_mean_of_75_as_was_published(sent: Sent) -> None:
    answered = [dict(one.answers) for _, one in sent if one.answered is not None]
    assert 100 * len(answered) / len(sent) == pytest.approx(50, abs=5)
    assert mean(each["eq_vas"] for each in answered) == pytest.approx(75, abs=2)


def test_answers_are_on_their_scales_and_a_few_items_are_left_out(sent: Sent) -> None:
    answered = [dict(one.answers) for _, one in sent if one.answered is not None]
    for answers in answered:
        assert answers["eq_vas"] in range(0, 101, 5)
        assert {answers[name] for name in DIMENSIONS} <= set(range(1, 6))
        for name in ITEMS:
            assert answers.get(name, 1) in range(1, 8 if name in OVERALL else 5)
    share = mean(len(answers.keys() & set(ITEMS)) for answers in answered) / len(ITEMS)
    assert share == pytest.approx(0.985, abs=0.005)
