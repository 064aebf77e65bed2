"""The quality report from question to signed package, over people who can be counted by hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence

import pytest

from linkage_engine.contract.query_spec import LinkageQualitySpec, query_spec
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import ReleaseStatement
from linkage_engine.handed_over import linkage_of
from service.audit.vocabulary import Action
from service.jobs import Job
from service.problems.results import OutsideThePermit
from service.queries.actions import ask_query
from service.queries.rules import QueryState
from service.releases.contents import quality_files
from service.releases.package import release_folder
from service.signed import TextType, verified
from tests.factories import PROJECT
from tests.integration.cast import CHECKERS
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY
from tests.integration.refusing import open_with
from tests.integration.workshop import Workshop

BREAKDOWNS = ("age_band", "sex", "ethnic_group", "deprivation", "area")
# Registered: 160. In the registry: people 0 to 44 and 90 to 124, so 80. Women: 90, of whom 45; men 70, 35.
BY_HAND = {"Total": ("159", "81"), "Female": ("87", "45"), "Male": ("69", "33")}
"""People and linked, each in the middle of its six: 155 to 160 is 159, 79 to 84 is 81."""


def specification(data_set: str, linked_to: str, breakdowns: Sequence[str]) -> LinkageQualitySpec:
    found = query_spec(
        {
            "project_id": PROJECT,
            "template": "linkage_quality",
            "parameters": {"data_set": data_set, "linked_to": linked_to, "index_date": "2024-12-31"},
            "breakdowns": breakdowns,
        }
    )
    assert isinstance(found, LinkageQualitySpec)
    return found


def asked(shop: Workshop, data_set: str, linked_to: str, breakdowns: Sequence[str] = ()) -> str:
    open_with(shop, shop.permit_text(templates=("prevalence", "linkage_quality")))
    text = shop.question_text(specification=specification(data_set, linked_to, breakdowns))
    with shop.acting("rosalind") as act:
        return ask_query(act, PROJECT, text)[0].id


def released(
    shop: Workshop, data_set: str, linked_to: str, breakdowns: Sequence[str] = ()
) -> tuple[str, Mapping[str, bytes]]:
    """The id of a question and the files of its release."""
    query_id = asked(shop, data_set, linked_to, breakdowns)
    for job in (Job.ANSWER, Job.CONTROL):
        shop.do(job, query_id)
    for checker in CHECKERS:
        shop.approve(checker, query_id)
    shop.do(Job.SIGN_RELEASE, query_id)
    return query_id, {path.name: path.read_bytes() for path in release_folder(shop.spool, query_id).iterdir()}


def test_a_report_goes_from_question_to_signed_package_with_numbers_counted_by_hand(at: At) -> None:
    shop = at("finished")
    query_id, files = released(shop, "gp_registration", "cancer_registration", BREAKDOWNS)
    rows = list(csv.DictReader(io.StringIO(files["table.csv"].decode())))
    told = {row["sex"]: (row["people"], row["linked"]) for row in rows if row["sex"] != "Total"}
    told |= {"Total": (rows[0]["people"], rows[0]["linked"])}
    assert {label: told[label] for label in BY_HAND} == BY_HAND
    report = json.loads(files["linkage-quality.json"])
    assert report["summary"][0].startswith("Of about 159 people of Registrations with general practice")
    sections = {section["name"]: section for section in report["sections"]}
    outcome = f"{REGISTRY} and {PRACTICES}: at even odds of the model"
    assert any(item["answer"].startswith(outcome) for item in sections["method"]["items"])
    assert sections["linkage"]["tables"][0]["name"].startswith("records_")
    assert b"<h1>" in files["linkage-quality.html"]
    statement = verified(
        shop.release(query_id).statement or "", (shop.pins.release_key,), TextType.RELEASE, ReleaseStatement
    )
    assert {file.name for file in statement.files} == set(files)
    assert {"linkage-quality.json", "linkage-quality.csv", "linkage-quality.html"} < set(files)
    entered = [entry.action for entry in shop.entries() if entry.subject == query_id]
    assert entered[:2] == [Action.QUERY_ASK, Action.QUERY_ANSWER]
    assert Action.RELEASE_SIGN in entered


def test_where_all_are_linked_the_figures_of_the_linkage_are_hidden_and_the_method_stays(at: At) -> None:
    shop = at("finished")
    _, files = released(shop, "cancer_registration", "gp_registration")
    report = json.loads(files["linkage-quality.json"])
    assert "all or nearly all were linked" in report["summary"][0]
    tables = [table for section in report["sections"] for table in section["tables"]]
    errors = next(table for table in tables if table["name"].startswith("errors_"))
    assert {figure["text"] for row in errors["rows"] for figure in row["figures"]} == {"[c]"}


def controlled_under(shop: Workshop, policy: str) -> str:
    templates = ("prevalence", "linkage_quality")
    open_with(shop, shop.permit_text(templates=templates, policy=policy))
    asked_of = specification("gp_registration", "cancer_registration", ("sex",))
    with shop.acting("rosalind") as act:
        query_id = ask_query(act, PROJECT, shop.question_text(specification=asked_of))[0].id
    for job in (Job.ANSWER, Job.CONTROL):
        shop.do(job, query_id)
    return query_id


@pytest.mark.parametrize("policy", ["acro-default", "cell-key"])
def test_under_a_policy_that_does_not_round_the_report_is_made_of_what_it_tells(at: At, policy: str) -> None:
    shop = at("finished")
    evidence, _ = shop.evidence("cheng", controlled_under(shop, policy))
    report = json.loads(quality_files(evidence)["linkage-quality.json"])
    told = evidence.table.rows[0].values[0].value
    assert f"Of about {told:,.0f} people" in report["summary"][0]


def test_within_a_privacy_budget_it_is_not_answered_since_it_has_intervals(at: At) -> None:
    shop = at("finished")
    query = shop.query(controlled_under(shop, "public-dashboard"))
    assert (query.state, query.code) == (QueryState.FAILED, RefusalCode.MECHANISM_NOT_AVAILABLE)


def test_data_sets_of_one_provider_are_reported_as_not_linked(at: At) -> None:
    shop = at("finished")
    _, files = released(shop, "cancer_registration", "death")
    report = json.loads(files["linkage-quality.json"])
    assert report["summary"][0].startswith("Both data sets come from one provider")


def test_a_permit_that_does_not_name_it_answers_no_question_about_the_linkage(at: At) -> None:
    shop = at("finished")
    text = shop.question_text(specification=specification("gp_registration", "cancer_registration", ()))
    with pytest.raises(OutsideThePermit), shop.acting("rosalind") as act:
        ask_query(act, PROJECT, text)


def test_a_worker_killed_before_the_gate_decided_answers_the_same_again(at: At) -> None:
    shop = at("finished")
    query_id = asked(shop, "gp_registration", "cancer_registration")
    for job in (Job.ANSWER, Job.ANSWER, Job.CONTROL, Job.CONTROL):
        shop.do(job, query_id)
    evidence, _ = shop.evidence("cheng", query_id)
    assert evidence.linkage is not None
    assert [pair.first for pair in evidence.linkage.providers] == [REGISTRY]


def test_figures_that_are_none_are_not_trusted() -> None:
    assert linkage_of(None) is None
    with pytest.raises(NotTrusted) as refusal:
        linkage_of(b"{}")
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID
