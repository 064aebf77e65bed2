"""So many questions a day and project: what costs, what does not, and what is told when they are used."""

from __future__ import annotations

import pytest

from linkage_engine.contract.limits import Limits
from service.audit.vocabulary import Action, Outcome
from service.queries.actions import fail_query
from tests.api.test_at_once import at_once
from tests.at_work import AtWork
from tests.factories import PROJECT, a_specification

pytestmark = pytest.mark.both_databases

ASK = f"/projects/{PROJECT}/queries"
ALLOWED = 2


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy of two questions a day; those shipped allow two hundred."""
    few = Limits(queries_per_day=ALLOWED)
    monkeypatch.setattr("service.queries.actions.limits_for", lambda _: few)


def asked(service: AtWork, text: str | None = None) -> int:
    return service.post("rosalind", ASK, {"question": text or service.question()}).status_code


def test_one_question_more_than_the_policy_allows_is_not_taken(linked: AtWork) -> None:
    assert [asked(linked) for _ in range(ALLOWED)] == [202, 202]
    jobs = linked.jobs()
    answer = linked.post("rosalind", ASK, {"question": linked.question()})
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/quota-used")
    assert answer.json()["queries_per_day"] == ALLOWED
    assert 0 < int(answer.headers["retry-after"]) == answer.json()["retry_after_seconds"] <= 86_401
    last = linked.entries()[-1]
    assert (last.action, last.actor, last.outcome) == (Action.REQUEST_REFUSE, "rosalind", Outcome.REFUSED)
    assert (last.detail["code"], last.detail["status"]) == ("quota-used", 429)
    assert linked.jobs() == jobs


def test_the_same_text_again_costs_nothing(linked: AtWork) -> None:
    first, second = linked.question(), linked.question()
    assert [asked(linked, text) for text in (first, first, second, first, second)] == [
        202,
        200,
        202,
        200,
        200,
    ]


def test_a_question_that_is_not_answered_costs(linked: AtWork) -> None:
    for _ in range(ALLOWED):
        with linked.worker("worker-gate") as act:
            fail_query(act, linked.asked(), "history-undecided")
    assert asked(linked) == 429


def test_a_question_that_is_refused_before_it_is_taken_costs_nothing(linked: AtWork) -> None:
    outside = linked.question(specification=a_specification(project_id="another"))
    assert [asked(linked, outside) for _ in range(ALLOWED + 1)] == [422] * 3
    assert asked(linked) == 202


def test_another_day_is_another_quota(linked: AtWork) -> None:
    assert [asked(linked) for _ in range(ALLOWED + 1)] == [202, 202, 429]
    linked.clock.forward(days=1)
    linked.tokens.clear()
    assert asked(linked) == 202


def test_the_quota_is_the_projects_whoever_asks(linked: AtWork) -> None:
    texts = [linked.question(name) for name in ("rosalind", "rachel", "rachel")]
    names = ("rosalind", "rachel", "rachel")
    answers = [
        linked.post(name, ASK, {"question": text}).status_code
        for name, text in zip(names, texts, strict=True)
    ]
    assert answers == [202, 202, 429]


def test_questions_at_once_are_counted_one_after_the_other(linked: AtWork) -> None:
    linked.token("rosalind")
    texts = [linked.question() for _ in range(6)]
    acts = [lambda text=text: linked.post("rosalind", ASK, {"question": text}) for text in texts]
    assert at_once(*acts) == [202] * ALLOWED + [429] * (len(texts) - ALLOWED)
