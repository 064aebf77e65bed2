"""Pre-flights: signed as such, on the calendar, at the price of a question, seen by who may see it."""

from __future__ import annotations

from datetime import date

import pytest

from linkage_engine.contract.limits import Limits
from linkage_engine.contract.preflight import Coarser, Foreseen, Preflight
from linkage_engine.contract.query_spec import PrevalenceParameters
from service.audit.vocabulary import Action
from service.problems.requests import NotFound
from service.queries.actions import answered, fail_query, foreseen
from service.signed import TextType, sign
from tests.at_work import AtWork
from tests.factories import PROJECT, a_question, a_specification

pytestmark = pytest.mark.both_databases

ASK, QUERIES = f"/projects/{PROJECT}/preflights", f"/projects/{PROJECT}/queries"
TOLD = Preflight(
    asked=Foreseen(cells=96, hidden=14),
    coarser=(Coarser(cells=48, hidden=2, change="age_bands", to="broad"),),
)


def signed(service: AtWork, name: str = "rosalind", **changes: object) -> str:
    asker = service.people[name]
    return sign(a_question(asker, random=service.random, **changes), asker.key, TextType.PREFLIGHT)


def asked(service: AtWork) -> str:
    answer = service.post("rosalind", ASK, {"question": signed(service)})
    assert answer.status_code == 202, answer.text
    preflight_id: str = answer.json()["preflight_id"]
    return preflight_id


def test_a_preflight_is_followed_from_asking_to_its_figures(linked: AtWork) -> None:
    preflight_id = asked(linked)
    seen = [linked.get("rosalind", f"/preflights/{preflight_id}").json()]
    with linked.worker("worker-analysis") as act:
        answered(act, preflight_id, hand_over_sha256="f" * 64)
    seen.append(linked.get("rosalind", f"/preflights/{preflight_id}").json())
    with linked.worker("worker-gate") as act:
        foreseen(act, preflight_id, TOLD)
        foreseen(act, preflight_id, TOLD.model_copy(update={"coarser": ()}))
    seen.append(linked.get("rosalind", f"/preflights/{preflight_id}").json())
    assert [each["state"] for each in seen] == ["asked", "asked", "answered"]
    assert [each["figures"] for each in seen] == [None, None, TOLD.model_dump(mode="json")]
    assert {f"count-populations:{preflight_id}", f"foresee:{preflight_id}"} <= set(linked.jobs())
    assert not {f"answer:{preflight_id}", f"control:{preflight_id}"} & set(linked.jobs())
    acts = [entry for entry in linked.entries() if entry.subject == preflight_id]
    assert [entry.action for entry in acts if entry.action is not Action.PREFLIGHT_READ] == [
        Action.PREFLIGHT_ASK,
        Action.PREFLIGHT_ANSWER,
        Action.PREFLIGHT_FORESEE,
    ]
    assert (acts[0].actor, acts[0].detail["template"]) == ("rosalind", "prevalence")
    assert (acts[-2].detail["cells"], acts[-2].detail["cells_hidden"]) == (96, 14)


def test_a_preflight_is_no_query_and_a_query_is_no_preflight(linked: AtWork) -> None:
    preflight_id, query_id = asked(linked), linked.asked()
    assert linked.get("rosalind", f"/queries/{preflight_id}").status_code == 404
    assert linked.get("rosalind", f"/preflights/{query_id}").status_code == 404
    crossed = [
        linked.post("rosalind", ASK, {"question": linked.question()}),
        linked.post("rosalind", QUERIES, {"question": signed(linked)}),
    ]
    assert [answer.json()["type"] for answer in crossed] == ["/problems/question-refused"] * 2


def test_the_same_text_again_is_the_same_preflight(linked: AtWork) -> None:
    body = {"question": signed(linked)}
    first, again = linked.post("rosalind", ASK, body), linked.post("rosalind", ASK, body)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()


def test_a_preflight_costs_as_much_as_a_question(linked: AtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.queries.actions.limits_for", lambda _: Limits(queries_per_day=2))
    asked(linked)
    linked.asked()
    for path, text in ((ASK, signed(linked)), (QUERIES, linked.question())):
        assert linked.post("rosalind", path, {"question": text}).status_code == 429


def test_no_day_can_be_searched_for(linked: AtWork) -> None:
    """Of nearly the same people two days apart, pre-flights would say on which of them somebody was added."""
    parameters = PrevalenceParameters(index_date=date(2025, 12, 30))
    text = signed(linked, specification=a_specification(parameters=parameters))
    answer = linked.post("rosalind", ASK, {"question": text})
    place = "/specification/parameters/index_date"
    assert (answer.status_code, answer.json()["faults"]) == (
        422,
        [{"pointer": place, "code": "not-a-whole-year"}],
    )


def test_what_is_withheld_of_a_failed_query_is_withheld_of_a_preflight(linked: AtWork) -> None:
    preflight_id = asked(linked)
    with linked.worker("worker-gate") as act:
        fail_query(act, preflight_id, "unforeseen")
    told = {
        name: linked.get(name, f"/preflights/{preflight_id}").json()
        for name in ("rosalind", "cheng", "audrey")
    }
    assert [told[name]["code"] for name in told] == ["not-answered", "unforeseen", "unforeseen"]
    assert {(each["state"], each["figures"]) for each in told.values()} == {("failed", None)}
    assert linked.entries()[-4].action is Action.PREFLIGHT_FAIL


def test_a_preflight_is_read_by_its_asker_checkers_and_reviewers_only(linked: AtWork) -> None:
    path = f"/preflights/{asked(linked)}"
    names = ("rosalind", "rachel", "rick", "cheng", "audrey", "oliver", "northern-trust")
    statuses = {name: linked.get(name, path).status_code for name in names}
    assert list(statuses.values()) == [200, 404, 404, 200, 200, 403, 403]


def test_the_gate_reports_on_what_exists(linked: AtWork) -> None:
    with pytest.raises(NotFound), linked.worker("worker-gate") as act:
        foreseen(act, "0" * 32, TOLD)
