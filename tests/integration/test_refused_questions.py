"""Which questions workers do not answer and do not control, whatever the database says of them."""

from __future__ import annotations

import pytest

from linkage_engine.contract.refusals import RefusalCode
from service.jobs import Job
from tests.factories import PROJECT, a_specification
from tests.integration.conftest import At
from tests.integration.refusing import STRANGER, Break, open_with, query_failed
from tests.integration.workshop import Workshop


def put_question(shop: Workshop, text: str) -> None:
    shop.change("UPDATE query SET question = :text", text=text)


QUESTIONS: dict[str, tuple[Break, RefusalCode]] = {
    "signed by a stranger": (
        lambda shop: put_question(shop, shop.question_text(STRANGER)),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "signed by a checker": (
        lambda shop: put_question(shop, shop.question_text(shop.people["cheng"].key)),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "about another project": (
        lambda shop: put_question(
            shop, shop.question_text(specification=a_specification(project_id="another-project"))
        ),
        RefusalCode.OUTSIDE_THE_PERMIT,
    ),
    "by a template that is not permitted": (
        lambda shop: open_with(shop, shop.permit_text(templates=())),
        RefusalCode.OUTSIDE_THE_PERMIT,
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_such_question_is_answered(at: At, question: str) -> None:
    shop, (act, code) = at("asked"), QUESTIONS[question]
    act(shop)
    shop.do(Job.ANSWER, shop.ids["query"])
    query_failed(shop, code)
    assert not list((shop.spool / "hand-overs" / "analysis").glob("aggregates-*"))


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_answer_to_such_a_question_is_controlled(at: At, question: str) -> None:
    shop, (act, code) = at("answered"), QUESTIONS[question]
    act(shop)
    shop.do(Job.CONTROL, shop.ids["query"])
    query_failed(shop, code)


def test_a_question_without_linked_data_fails(at: At) -> None:
    shop = at("asked")
    (shop.home.vault("analysis") / PROJECT / "crosswalk.parquet").unlink()
    shop.do(Job.ANSWER, shop.ids["query"])
    query_failed(shop, RefusalCode.NO_LINKED_DATA)


def test_a_policy_that_nobody_ships_controls_nothing(at: At) -> None:
    shop = at("answered")
    open_with(shop, shop.permit_text(policy="anything-goes"))
    shop.do(Job.CONTROL, shop.ids["query"])
    query_failed(shop, RefusalCode.UNKNOWN_POLICY)
