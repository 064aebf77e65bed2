"""Providers tighten what a project that their data are in may tell; nobody loosens anything."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from linkage_engine.contract.statements import Tightening
from service.signed import TextType, sign
from tests.at_browser import problem
from tests.at_work import AtWork
from tests.factories import NOON, PROJECT

pytestmark = pytest.mark.both_databases
NORTH, SOUTH = "northern-trust", "southern-trust"
DEFAULT = "nhs-cancer-default"


def a_text(service: AtWork, signer: str = NORTH, typ: TextType = TextType.TIGHTENING, **changes: Any) -> str:
    said = {
        "project_id": PROJECT,
        "provider_id": NORTH,
        "policy": DEFAULT,
        "least_persons": 20,
        "reason": "Few",
    }
    made = Tightening.model_validate({**said, "tightened_at": NOON, **changes})
    return sign(made, service.people[signer].key, typ)


def send(service: AtWork, text: str, name: str = NORTH) -> Response:
    return service.post(name, f"/projects/{PROJECT}/tightenings", {"tightening": text})


def test_a_tightening_stands_is_seen_by_every_provider_and_entered(project: AtWork) -> None:
    made = send(project, a_text(project))
    assert made.status_code == 201, made.text
    project.bring_log_up_to_date()
    for name in (NORTH, SOUTH):
        shown = project.get(name, f"/projects/{PROJECT}/mirror").json()
        assert shown["policy"] == DEFAULT
        [one] = shown["tightenings"]
        assert (one["provider_id"], one["policy"], one["least_persons"]) == (NORTH, DEFAULT, 20)
        assert one["log_index"] is not None
    [entry] = [each for each in project.entries() if each.action == "policy:tighten"]
    assert (entry.actor, entry.subject, entry.detail["policy"], entry.detail["count"]) == (
        NORTH,
        PROJECT,
        DEFAULT,
        20,
    )


def test_the_same_text_again_changes_nothing_and_another_is_added(project: AtWork) -> None:
    text = a_text(project)
    assert send(project, text).json()["entry_id"] == send(project, text).json()["entry_id"]
    assert send(project, a_text(project, least_persons=15)).status_code == 201  # the strictest counts
    assert len(project.get(NORTH, f"/projects/{PROJECT}/mirror").json()["tightenings"]) == 2


def test_whatever_is_not_this_providers_or_not_tighter_is_refused(project: AtWork) -> None:
    for text in (
        "a.b.c",
        a_text(project, SOUTH),
        a_text(project, provider_id=SOUTH),
        a_text(project, project_id="another-project"),
        a_text(project, typ=TextType.VETO),
        a_text(project, least_persons=None),
        a_text(project, policy="hes-2018"),
        a_text(project, policy="public-dashboard"),
        a_text(project, policy="not-shipped"),
    ):
        assert problem(send(project, text)) == (422, "tightening-refused")
    assert project.get(NORTH, f"/projects/{PROJECT}/mirror").json()["tightenings"] == []


def test_a_stricter_shipped_policy_may_be_named(at: Any) -> None:
    with at("registered") as service:
        service.open_project(policy="hes-2018")
        text = a_text(service, policy="opensafely", least_persons=None)
        assert send(service, text).status_code == 201
        assert problem(send(service, a_text(service, policy="acro-default"))) == (422, "tightening-refused")


def test_nobody_but_a_provider_of_the_project_tightens_it(project: AtWork) -> None:
    assert send(project, a_text(project), "eastern-trust").status_code == 404
    for name in ("rosalind", "cheng", "oliver", "audrey"):
        assert send(project, a_text(project), name).status_code == 403
