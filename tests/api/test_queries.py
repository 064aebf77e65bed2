"""Queries: signed, within the permit, in the closed language, over linked data."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from linkage_engine.contract.query_spec import PrevalenceParameters
from linkage_engine.contract.refusals import RefusalCode
from service.linkage_runs.actions import crosswalk_received, fail_run, finish_run
from service.problems.requests import NotFound
from service.problems.results import NotAnswered
from service.queries.actions import answered, fail_query
from service.signed import SigningKey, TextType, sign
from tests.at_work import AtWork
from tests.factories import PROJECT, a_question, a_specification, some_figures

pytestmark = pytest.mark.both_databases

ASK = f"/projects/{PROJECT}/queries"
SECRET = "943 476 5919"


def refused(service: AtWork, text: str) -> tuple[int, str]:
    answer = service.post("rosalind", ASK, {"question": text})
    assert SECRET not in answer.text
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def test_a_linkage_needs_deliveries_of_two_providers(project: AtWork) -> None:
    project.accept("northern-trust")
    answer = project.post("oliver", f"/projects/{PROJECT}/linkage-runs")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nothing-to-link")
    assert answer.json()["providers"] == 1


def test_a_linkage_run_is_followed_from_asking_to_its_figures(project: AtWork) -> None:
    run_id = project.finished_run()
    shown = project.get("oliver", f"/linkage-runs/{run_id}").json()
    assert (
        shown["state"],
        shown["figures"]["pairs"]["northern-trust:southern-trust"]["links"],
        shown["records"],
    ) == ("finished", {"value": 81, "status": ""}, 170)
    assert len(shown["submissions"]) == 2
    assert {f"link:{run_id}", f"receive-crosswalk:{run_id}"} <= set(project.jobs())


def test_a_run_that_is_not_there_is_not_found(project: AtWork) -> None:
    assert project.get("oliver", f"/linkage-runs/{'0' * 32}").status_code == 404


def test_a_run_reports_once(project: AtWork) -> None:
    run_id = project.finished_run()
    before = len(project.entries()), len(project.jobs())
    with project.worker("worker-linkage") as act:
        assert finish_run(act, run_id, figures=some_figures(), hand_over_sha256="0" * 64) == "finished"
        assert crosswalk_received(act, run_id, records=1) == "finished"
        assert fail_run(act, run_id, RefusalCode.TOO_FEW_RECORDS) == "finished"
    assert (len(project.entries()), len(project.jobs())) == before


def test_a_failed_run_says_why(project: AtWork) -> None:
    project.accept("northern-trust")
    project.accept("southern-trust")
    run_id = project.post("oliver", f"/projects/{PROJECT}/linkage-runs").json()["run_id"]
    with project.worker("worker-linkage") as act:
        assert fail_run(act, run_id, RefusalCode.TOO_FEW_RECORDS) == "failed"
    shown = project.get("oliver", f"/linkage-runs/{run_id}").json()
    assert (shown["state"], shown["code"]) == ("failed", "too-few-records")
    assert refused(project, project.question()) == (409, "no-linked-data")


def test_workers_report_on_what_exists(project: AtWork) -> None:
    with pytest.raises(NotFound), project.worker("worker-linkage") as act:
        fail_run(act, "0" * 32, RefusalCode.TOO_FEW_RECORDS)
    with pytest.raises(NotFound), project.worker("worker-analysis") as act:
        fail_query(act, "0" * 32, RefusalCode.TOO_FEW_RECORDS)


def test_a_question_is_taken_once(linked: AtWork) -> None:
    body = {"question": linked.question()}
    first, again = linked.post("rosalind", ASK, body), linked.post("rosalind", ASK, body)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    assert first.json()["state"] == "asked"
    assert f"answer:{first.json()['query_id']}" in linked.jobs()


def test_a_nonce_is_not_used_for_another_question(linked: AtWork) -> None:
    nonce = "ab" * 16
    assert linked.post("rosalind", ASK, {"question": linked.question(nonce=nonce)}).status_code == 202
    other = a_specification(breakdowns=())
    assert refused(linked, linked.question(nonce=nonce, specification=other)) == (422, "question-refused")


def test_a_question_is_asked_by_its_signer_about_the_project(linked: AtWork) -> None:
    rosalind = linked.people["rosalind"]
    question = a_question(rosalind, random=linked.random)
    by_another_key = sign(question, SigningKey.generate(), TextType.QUESTION)
    assert refused(linked, by_another_key) == (422, "question-refused")
    assert refused(linked, linked.question("rachel")) == (422, "question-refused")
    assert refused(linked, linked.question(asked_by="rachel")) == (422, "question-refused")
    elsewhere = a_specification(project_id="another")
    assert refused(linked, linked.question(specification=elsewhere)) == (422, "question-refused")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"colour": SECRET}, {"pointer": "/specification", "code": "extra_forbidden"}),
        ({"template": SECRET}, {"pointer": "/specification/template", "code": "unknown_template"}),
        ({"breakdowns": ["sex", "sex"]}, {"pointer": "/specification/breakdowns", "code": "value_error"}),
        ({"parameters": {}}, {"pointer": "/specification/parameters/index_date", "code": "missing"}),
    ],
)
def test_a_specification_outside_the_language_is_told_where(
    linked: AtWork, change: dict[str, Any], fault: dict[str, str]
) -> None:
    question = json.loads(a_question(linked.people["rosalind"], random=linked.random).to_json())
    question["specification"] |= change
    text = linked.people["rosalind"].key.sign_bytes(json.dumps(question).encode(), TextType.QUESTION)
    answer = linked.post("rosalind", ASK, {"question": text})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/specification-invalid")
    assert answer.json()["faults"] == [fault]
    assert SECRET not in answer.text


def test_a_question_that_is_malformed_elsewhere_is_refused_whole(linked: AtWork) -> None:
    text = linked.people["rosalind"].key.sign_bytes(b"{}", TextType.QUESTION)
    assert refused(linked, text) == (422, "question-refused")


@pytest.mark.parametrize(
    ("parameters", "faults"),
    [
        (
            {"tumour_groups": ("breast", "no_such_group")},
            [{"pointer": "/specification/parameters/tumour_groups/1", "code": "not-in-catalogue"}],
        ),
        (
            {"tumour_groups": ("breast", "breast")},
            [{"pointer": "/specification/parameters/tumour_groups", "code": "same-name-twice"}],
        ),
        (
            {"age_bands": "no_such_banding"},
            [{"pointer": "/specification/parameters/age_bands", "code": "not-in-catalogue"}],
        ),
    ],
)
def test_names_are_those_of_the_catalogue(
    linked: AtWork, parameters: dict[str, Any], faults: list[dict[str, str]]
) -> None:
    asked = PrevalenceParameters(index_date=date(2025, 12, 31), **parameters)
    text = linked.question(specification=a_specification(parameters=asked))
    answer = linked.post("rosalind", ASK, {"question": text})
    assert answer.json()["faults"] == faults


def test_a_template_outside_the_permit_is_refused(service: AtWork) -> None:
    service.open_project(templates=("survival",))
    service.finished_run()
    assert refused(service, service.question()) == (403, "outside-the-permit")


def test_a_question_needs_linked_data(project: AtWork) -> None:
    assert refused(project, project.question()) == (409, "no-linked-data")


def test_a_query_that_fails_says_why(linked: AtWork) -> None:
    query_id = linked.asked()
    with linked.worker("worker-analysis") as act:
        assert fail_query(act, query_id, "needs-budget") == "failed"
        assert fail_query(act, query_id, "again") == "failed"
        assert answered(act, query_id, hand_over_sha256="f" * 64) == "failed"
    shown = linked.get("audrey", f"/queries/{query_id}").json()
    assert (shown["state"], shown["code"], shown["release_id"]) == ("failed", "needs-budget", None)


@pytest.mark.parametrize(
    "code", ["history-undecided", "history-over-budget", "cohort-too-close", "unforeseen"]
)
def test_whatever_control_refuses_its_asker_is_told_the_same(linked: AtWork, code: str) -> None:
    query_id = linked.asked()
    with linked.worker("worker-gate") as act:
        fail_query(act, query_id, code)
    told = {name: linked.get(name, f"/queries/{query_id}").json() for name in ("rosalind", "cheng", "audrey")}
    assert (told["rosalind"]["code"], told["rosalind"]["remedy"]) == ("not-answered", NotAnswered.remedy)
    assert code not in str(told["rosalind"])
    assert {(told[name]["code"], told[name]["remedy"]) for name in ("cheng", "audrey")} == {(code, None)}
    assert linked.entries()[-4].detail["code"] == code


def test_a_reason_in_the_question_itself_is_told_to_its_asker(linked: AtWork) -> None:
    query_id = linked.asked()
    with linked.worker("worker-gate") as act:
        fail_query(act, query_id, RefusalCode.TABLE_TOO_LARGE)
    shown = linked.get("rosalind", f"/queries/{query_id}").json()
    assert (shown["code"], shown["remedy"]) == ("table-too-large", None)


def test_a_query_is_read_by_its_asker_checkers_and_reviewers_only(linked: AtWork) -> None:
    path = f"/queries/{linked.asked()}"
    statuses = {
        name: linked.get(name, path).status_code for name in ("rosalind", "rachel", "cheng", "audrey")
    }
    assert statuses == {"rosalind": 200, "rachel": 404, "cheng": 200, "audrey": 200}
