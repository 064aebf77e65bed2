"""The provider's mirror: what its data are in, and its veto before a release leaves."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from linkage_engine.contract.statements import Veto
from service.releases.actions import sign_release
from service.signed import TextType, sign
from tests.at_work import AtWork
from tests.factories import NOON, PROJECT

pytestmark = pytest.mark.both_databases
NORTH, SOUTH = "northern-trust", "southern-trust"


def veto_text(service: AtWork, release_id: str, signer: str = NORTH, **changes: Any) -> str:
    said = {"release_id": release_id, "project_id": PROJECT, "provider_id": NORTH, "reason": "Ask us first"}
    veto = Veto.model_validate({**said, "vetoed_at": NOON, **changes})
    return sign(veto, service.people[signer].key, TextType.VETO)


def send(service: AtWork, text: str, release_id: str, name: str = NORTH) -> Response:
    return service.post(name, f"/releases/{release_id}/vetoes", {"veto": text})


def sign_it(service: AtWork, release_id: str) -> None:
    for checker in ("cheng", "carol"):
        assert service.decide(checker, release_id).status_code == 201
    with service.worker("worker-gate") as act:
        sign_release(act, release_id, statement="a.b.c", statement_sha256="9" * 64)


def test_a_provider_sees_what_its_data_are_in_and_gets_receipts(awaiting: AtWork) -> None:
    release_id = awaiting.release_id()
    sign_it(awaiting, release_id)
    awaiting.bring_log_up_to_date()
    shown = awaiting.get(NORTH, f"/projects/{PROJECT}/mirror").json()
    assert [run["state"] for run in shown["runs"]] == ["finished"]
    [release] = shown["releases"]
    assert (release["release_id"], release["state"], release["vetoed"]) == (release_id, "signed", False)
    assert release["log_index"] is not None
    assert release["receipt"].startswith("c2sp.org/tlog-proof@v1\n")


def test_nobody_elses_project_is_mirrored(awaiting: AtWork) -> None:
    assert awaiting.get("eastern-trust", f"/projects/{PROJECT}/mirror").status_code == 404
    text = veto_text(awaiting, awaiting.release_id(), "eastern-trust", provider_id="eastern-trust")
    assert send(awaiting, text, awaiting.release_id(), "eastern-trust").status_code == 404


def test_a_provider_that_delivered_nothing_sees_nothing_and_vetoes_nothing(project: AtWork) -> None:
    shown = project.get(SOUTH, f"/projects/{PROJECT}/mirror").json()
    assert (shown["runs"], shown["releases"]) == ([], [])


def test_a_veto_stands_and_is_seen_and_entered(awaiting: AtWork) -> None:
    release_id = awaiting.release_id()
    text = veto_text(awaiting, release_id)
    assert [send(awaiting, text, release_id).status_code for _ in range(2)] == [201, 201]
    [entry] = [one for one in awaiting.entries() if one.action.value == "release:veto"]
    assert (entry.actor, entry.subject, entry.outcome.value) == (NORTH, release_id, "refused")
    [release] = awaiting.get(SOUTH, f"/projects/{PROJECT}/mirror").json()["releases"]
    assert release["vetoed"]


@pytest.mark.parametrize(
    "forged",
    [
        {"signer": SOUTH},
        {"signer": "rosalind"},
        {"release_id": "ab" * 16},
        {"project_id": "another-project"},
        {"provider_id": SOUTH},
    ],
    ids=str,
)
def test_a_veto_of_anything_else_is_refused(awaiting: AtWork, forged: dict[str, Any]) -> None:
    release_id = awaiting.release_id()
    text = veto_text(awaiting, **{"release_id": release_id, **forged})
    answer = send(awaiting, text, release_id)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/veto-refused")


def test_what_has_left_is_not_vetoed(awaiting: AtWork) -> None:
    release_id = awaiting.release_id()
    sign_it(awaiting, release_id)
    answer = send(awaiting, veto_text(awaiting, release_id), release_id)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-late-to-veto")
