"""Amendments: signed by governance over the permit in force, brought in by somebody else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from linkage_engine.contract.permit import Role
from service.access.actions import register_principal
from service.projects.records import PermitVersion
from service.signed import SigningKey, TextType, sign
from tests.api.conftest import At
from tests.at_work import AtWork
from tests.factories import PROJECT, a_permit, a_person, accredited, an_amendment

pytestmark = pytest.mark.both_databases


def versions(service: AtWork) -> list[PermitVersion]:
    with service.looking() as session:
        return list(session.scalars(sa.select(PermitVersion).order_by(PermitVersion.sequence)))


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def test_an_amendment_takes_the_place_of_the_permit_and_every_version_is_kept(project: AtWork) -> None:
    answer = project.amend(project.amendment(valid_to=date(2027, 6, 30)))
    assert answer.status_code == 201
    assert (answer.json()["sequence"], answer.json()["valid_to"]) == (2, "2027-06-30")
    assert project.get("rosalind", f"/projects/{PROJECT}").json()["valid_to"] == "2027-06-30"
    assert [(one.sequence, one.brought_by, one.signed_by_person) for one in versions(project)] == [
        (1, "oliver", "grace"),
        (2, "oliver", "grace"),
    ]
    last = project.entries()[-2]
    assert (last.action.value, last.subject) == ("project:amend", PROJECT)


def test_the_same_amendment_again_changes_nothing(project: AtWork) -> None:
    text = project.amendment()
    assert [project.amend(text).status_code for _ in range(2)] == [201, 201]
    assert len(versions(project)) == 2


def test_somebody_new_sees_the_project_and_somebody_left_out_does_not(project: AtWork) -> None:
    clara = accredited(project.people["clara"].party)
    parties = tuple(one for one in a_permit(project.insiders()).parties if one.principal_id != "chidi")
    assert project.get("clara", f"/projects/{PROJECT}").status_code == 404
    assert project.amend(project.amendment(parties=(*parties, clara))).status_code == 201
    seen = {
        name: project.get(name, f"/projects/{PROJECT}").status_code for name in ("clara", "chidi", "carol")
    }
    assert seen == {"clara": 200, "chidi": 404, "carol": 200}


def test_an_earlier_permit_does_not_come_back(project: AtWork) -> None:
    first, second = project.permit_text(), project.amendment()
    assert project.amend(second).status_code == 201
    assert problem(project.amend(first)) == (422, "amendment-refused")
    again = project.amendment(title="Another history")
    assert problem(project.amend(again)) == (422, "amendment-refused")
    assert [one.sequence for one in versions(project)] == [1, 2]


def test_an_amendment_of_another_key_is_refused(project: AtWork) -> None:
    made = an_amendment(project.permit_text(), project.insiders())
    text = sign(made, SigningKey.generate(), TextType.PERMIT)
    assert problem(project.amend(text)) == (422, "permit-refused")


def test_a_looser_policy_is_refused_by_name(project: AtWork) -> None:
    answer = project.amend(project.amendment(policy="public-dashboard"))
    assert answer.json()["faults"] == [{"pointer": "/policy", "code": "looser"}]


def test_a_first_permit_is_no_amendment_and_an_amendment_opens_nothing(service: AtWork) -> None:
    answer = service.post("oliver", "/projects", {"permit": service.amendment()})
    assert answer.json()["faults"] == [{"pointer": "/sequence", "code": "not-the-first"}]
    assert problem(service.amend(service.amendment())) == (404, "not-found")


def test_who_signed_does_not_bring_it_in(service: AtWork) -> None:
    grace = a_person("grace-as-operator", Role.OPERATOR)
    with service.worker("operator") as act:
        register_principal(act, grace.party.model_copy(update={"person_id": "grace"}))
    text, amendment = service.permit_text(), service.amendment()
    service.people = {**service.people, grace.id: grace}
    assert problem(service.post(grace.id, "/projects", {"permit": text})) == (403, "second-person-needed")
    assert service.post("oliver", "/projects", {"permit": text}).status_code == 201
    assert problem(service.amend(amendment, name=grace.id)) == (403, "second-person-needed")
    assert len(versions(service)) == 1


def test_the_database_refuses_it_too(project: AtWork) -> None:
    with project.here.sessions() as session, pytest.raises(IntegrityError):
        session.execute(sa.text("UPDATE permit_version SET signed_by_person = brought_by_person"))


def test_the_next_secret_is_made_under_the_amended_permit(at: At) -> None:
    with at("secret") as service:
        text = service.amendment(secret_epoch=2, key_check=None)
        assert service.amend(text).status_code == 201
        answer = service.get("northern-trust", f"/projects/{PROJECT}/linkage-secret")
        assert problem(answer)[1] == "no-linkage-secret"
        service.make_secret(secret_epoch=2)
        file = service.get("southern-trust", f"/projects/{PROJECT}/provider-file").json()
        assert file["secret_epoch"] == 2


def test_nothing_runs_for_who_is_not_trained_any_more(linked: AtWork) -> None:
    expired = {"reference": "Course 1", "valid_from": "2025-01-01", "valid_to": "2026-03-01"}
    parties = tuple(
        accredited(one, training=expired) if one.principal_id in {"rosalind", "cheng"} else one
        for one in a_permit(linked.insiders()).parties
    )
    assert linked.amend(linked.amendment(parties=parties)).status_code == 201
    asked = linked.post("rosalind", f"/projects/{PROJECT}/queries", {"question": linked.question()})
    assert problem(asked) == (403, "standing-not-live")
    assert asked.json()["kind"] == "training"
    assert asked.json()["valid_to"] == "2026-03-01"
    rachel = linked.post("rachel", f"/projects/{PROJECT}/queries", {"question": linked.question("rachel")})
    assert rachel.status_code == 202
