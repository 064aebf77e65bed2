"""Withdrawals at the service: relayed to two workers, entered, never opened."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from linkage_engine.contract.manifest import Zone
from linkage_engine.contract.refusals import RefusalCode
from service.audit.vocabulary import Action
from service.problems.requests import NotFound
from service.signed import TextType, sign
from service.withdrawals.actions import keep_withdrawal, refuse_withdrawal
from tests.at_work import AtWork
from tests.factories import PROJECT, a_withdrawal

NORTH, SOUTH = "northern-trust", "southern-trust"
ADDRESS = f"/projects/{PROJECT}/withdrawals"
ZONES = {Zone.LINKAGE: "worker-linkage", Zone.ANALYSIS: "worker-analysis"}


def body(service: AtWork, *, signer: str = NORTH, **changes: object) -> dict[str, str]:
    sealed = service.random(400)
    statement = a_withdrawal(NORTH, sealed, **{"persons": 3, **changes})
    return {
        "statement": sign(statement, service.people[signer].key, TextType.WITHDRAWAL),
        "sealed": base64.b64encode(sealed).decode(),
    }


def withdrawn(service: AtWork) -> str:
    answer = service.post(NORTH, ADDRESS, body(service))
    assert answer.status_code == 201, answer.text
    withdrawal_id: str = answer.json()["withdrawal_id"]
    return withdrawal_id


def acts(service: AtWork) -> list[tuple[str, str, object]]:
    return [
        (e.action.value, e.actor, e.detail.get("kind"))
        for e in service.entries()
        if e.action.value.startswith("withdrawal:")
    ]


def test_a_withdrawal_is_in_force_once_both_workers_keep_it(project: AtWork) -> None:
    withdrawal_id = withdrawn(project)
    states = [project.get(NORTH, f"/withdrawals/{withdrawal_id}").json()["state"]]
    for zone, worker in ZONES.items():
        for _ in range(2):  # a job may come twice
            with project.worker(worker) as act:
                keep_withdrawal(act, withdrawal_id, zone)
        states.append(project.get("oliver", f"/withdrawals/{withdrawal_id}").json()["state"])
    assert states == ["received", "received", "in-force"]
    assert acts(project) == [
        ("withdrawal:receive", NORTH, "new"),
        ("withdrawal:read", NORTH, None),
        ("withdrawal:keep", "worker-linkage", "linkage"),
        ("withdrawal:read", "oliver", None),
        ("withdrawal:keep", "worker-analysis", "analysis"),
        ("withdrawal:read", "oliver", None),
    ]
    assert project.jobs()[-2:] == [
        f"withdraw-from-{zone}:{withdrawal_id}" for zone in ("analysis", "linkage")
    ]


def test_the_receipt_names_its_place_in_the_log(project: AtWork) -> None:
    withdrawal_id = withdrawn(project)
    assert project.get(NORTH, f"/withdrawals/{withdrawal_id}").json()["log_index"] is None
    project.bring_log_up_to_date()
    shown = project.get(NORTH, f"/withdrawals/{withdrawal_id}").json()
    assert shown["log_index"] is not None
    (entry,) = (e for e in project.entries() if e.action is Action.WITHDRAWAL_RECEIVE)
    assert (shown["entry_id"], entry.detail["count"], shown["persons"]) == (entry.entry_id, 3, 3)


def test_the_same_statement_again_is_the_same_withdrawal(project: AtWork) -> None:
    made = body(project)
    first, again = (project.post(NORTH, ADDRESS, made) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["withdrawal_id"] == again.json()["withdrawal_id"]
    assert acts(project)[-1] == ("withdrawal:receive", NORTH, "again")
    assert len([job for job in project.jobs() if job.startswith("withdraw")]) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"signer": SOUTH},
        {"signer": "rosalind"},
        {"provider_id": SOUTH},
        {"project_id": "another-project"},
        {"sealed_sha256": "0" * 64},
    ],
)
def test_a_withdrawal_by_somebody_else_or_of_something_else_is_refused(
    project: AtWork, changes: dict[str, Any]
) -> None:
    answer = project.post(NORTH, ADDRESS, body(project, **changes))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/withdrawal-refused")
    assert project.jobs() == []


@pytest.mark.parametrize("sealed", ["AAAA=", "AAAAA", base64.b64encode(b"another list").decode()])
def test_a_list_that_was_not_signed_over_is_refused(project: AtWork, sealed: str) -> None:
    answer = project.post(NORTH, ADDRESS, {**body(project), "sealed": sealed})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/withdrawal-refused")


def test_persons_are_withdrawn_after_the_permit_has_ended_too(project: AtWork) -> None:
    project.clock.forward(days=400)
    project.tokens.clear()
    withdrawn(project)


def test_another_provider_does_not_see_it(project: AtWork) -> None:
    withdrawal_id = withdrawn(project)
    hidden = project.get(SOUTH, f"/withdrawals/{withdrawal_id}")
    absent = project.get(SOUTH, f"/withdrawals/{'0' * 36}")
    assert (hidden.status_code, hidden.content) == (404, absent.content)


def test_a_refusal_says_why_and_what_to_do(project: AtWork) -> None:
    withdrawal_id = withdrawn(project)
    for _ in range(2):
        with project.worker("worker-linkage") as act:
            refuse_withdrawal(act, withdrawal_id, Zone.LINKAGE, RefusalCode.SEALED_TO_ANOTHER_KEY)
    shown = project.get(NORTH, f"/withdrawals/{withdrawal_id}").json()
    assert (shown["state"], shown["code"]) == ("refused", "sealed-to-another-key")
    assert "project file" in shown["remedy"]
    assert [kind for act, _, kind in acts(project) if act == "withdrawal:refuse"] == ["linkage"]


def test_what_a_worker_keeps_cannot_be_refused_by_it_afterwards(project: AtWork) -> None:
    withdrawal_id = withdrawn(project)
    with project.worker("worker-linkage") as act:
        keep_withdrawal(act, withdrawal_id, Zone.LINKAGE)
        refuse_withdrawal(act, withdrawal_id, Zone.LINKAGE, RefusalCode.UNFORESEEN)
    assert project.get(NORTH, f"/withdrawals/{withdrawal_id}").json()["state"] == "received"


def test_workers_report_of_nothing_that_is_not_there(project: AtWork) -> None:
    with project.worker("worker-linkage") as act, pytest.raises(NotFound):
        keep_withdrawal(act, "0" * 36, Zone.LINKAGE)
