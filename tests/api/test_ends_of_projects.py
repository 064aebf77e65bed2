"""Warnings before an end, projects that share people, closing; one person under several names."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from linkage_engine.contract.permit import Role
from service.access.actions import register_principal
from tests.at_work import AtWork
from tests.factories import PROJECT, a_permit, a_person, accredited

pytestmark = pytest.mark.both_databases


def warned(service: AtWork) -> list[dict[str, Any]]:
    return [dict(entry.detail) for entry in service.entries() if entry.action.value == "permit:warn"]


def test_an_end_is_shown_and_entered_once_for_each_period(service: AtWork) -> None:
    service.open_project(valid_to=date(2026, 4, 20))
    for _ in range(2):
        shown = service.get("rosalind", f"/projects/{PROJECT}").json()
        assert [(one["kind"], one["days_left"]) for one in shown["ends_soon"]] == [("permit", 49)]
    assert [one["count"] for one in warned(service)] == [60]
    service.clock.forward(days=20)
    service.tokens.clear()
    service.get("oliver", f"/projects/{PROJECT}")
    assert [one["count"] for one in warned(service)] == [60, 30]


def test_projects_that_share_people_are_told_to_operators_and_entered(project: AtWork) -> None:
    text = project.permit_text(project_id="another-study")
    opened = project.post("oliver", "/projects", {"permit": text}).json()
    [shared] = opened["shares_with"]
    assert (shared["project_id"], len(shared["people"]), len(shared["data_sets"])) == (PROJECT, 5, 2)
    assert [entry.subject for entry in project.entries() if entry.action.value == "project:overlap"] == [
        PROJECT
    ]
    assert project.get("rosalind", f"/projects/{PROJECT}").json()["shares_with"] is None


def test_closing_revokes_everybodys_access_at_once_and_nothing_follows(awaiting: AtWork) -> None:
    release_id = awaiting.release_id()
    closing = awaiting.amendment(closed_on=awaiting.clock().date())
    shown = awaiting.amend(closing)
    assert (shown.status_code, shown.json()["closed_on"]) == (201, "2026-03-02")
    assert awaiting.entries()[-1].action.value == "project:close"
    seen = [
        awaiting.get(name, f"/projects/{PROJECT}").status_code
        for name in ("rosalind", "cheng", "northern-trust", "oliver", "audrey")
    ]
    assert seen == [404, 404, 404, 200, 200]
    assert awaiting.decide("cheng", release_id).status_code == 404
    run = awaiting.post("oliver", f"/projects/{PROJECT}/linkage-runs")
    assert run.json()["type"] == "/problems/permit-not-live"


def test_a_project_is_not_closed_on_a_day_to_come(project: AtWork) -> None:
    answer = project.amend(project.amendment(closed_on=date(2026, 3, 3)))
    assert answer.json()["faults"] == [{"pointer": "/closed_on", "code": "to-come"}]


def second_names(service: AtWork, person: str, *names: str) -> None:
    """Further checkers who are one person."""
    made = {name: a_person(name, Role.OUTPUT_CHECKER) for name in names}
    said = {name: one.party.model_copy(update={"person_id": person}) for name, one in made.items()}
    with service.worker("operator") as act:
        for party in said.values():
            register_principal(act, party)
    parties = (*a_permit(service.insiders()).parties, *(accredited(party) for party in said.values()))
    assert service.amend(service.amendment(parties=parties)).status_code == 201
    service.people = {**service.people, **made}


def test_nobody_decides_on_their_own_question_under_another_name(awaiting: AtWork) -> None:
    second_names(awaiting, "rosalind", "rosalind-again")
    answer = awaiting.decide("rosalind-again", awaiting.release_id())
    assert answer.json()["type"] == "/problems/own-request"


def test_nobody_decides_twice_under_two_names(awaiting: AtWork) -> None:
    second_names(awaiting, "cheng", "cheng-again")
    release_id = awaiting.release_id()
    assert awaiting.decide("cheng", release_id).status_code == 201
    answer = awaiting.decide("cheng-again", release_id)
    assert answer.json()["type"] == "/problems/already-decided"
    assert awaiting.get("audrey", f"/releases/{release_id}").json()["state"] == "awaiting"


@pytest.mark.parametrize(("person", "first"), [("rosalind", None), ("cheng", "cheng")])
def test_the_database_refuses_it_too(awaiting: AtWork, person: str, first: str | None) -> None:
    second_names(awaiting, person, "again")
    release_id = awaiting.release_id()
    if first:
        assert awaiting.decide(first, release_id).status_code == 201
    row = {"id": release_id, "at": awaiting.clock().replace(tzinfo=None), "digest": "a" * 64}
    with awaiting.here.sessions() as session, pytest.raises(IntegrityError, match="one person"):
        session.execute(
            sa.text(
                "INSERT INTO release_decision VALUES"
                " (:id, 'again', 'rosalind', 'approve', 'Fine', 'a.b.c', :digest, :at)"
            ),
            row,
        )
