"""Projects: only with a permit that governance signed and that holds together."""

from __future__ import annotations

from typing import Any

import pytest

from linkage_engine.contract.permit import DataSetGrant, Role
from linkage_engine.contract.profiles import LinkageProfile
from service.access.actions import revoke_principal
from service.signed import SigningKey, TextType, sign
from tests.at_work import AtWork
from tests.factories import ANALYSIS_RECIPIENT, LINKAGE_RECIPIENT, PROJECT, a_permit, a_person

pytestmark = pytest.mark.both_databases


def test_a_signed_permit_opens_a_project(service: AtWork) -> None:
    answer = service.post("oliver", "/projects", {"permit": service.permit_text()})
    assert answer.status_code == 201
    assert answer.json()["project_id"] == PROJECT
    assert {party["principal_id"] for party in answer.json()["parties"]} == {
        person.id for person in service.insiders()
    }
    assert "signing_key" not in answer.text


def test_a_project_is_opened_once(project: AtWork) -> None:
    answer = project.post("oliver", "/projects", {"permit": project.permit_text()})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/project-exists")


def test_a_permit_of_another_key_is_refused(service: AtWork) -> None:
    text = sign(a_permit(service.insiders()), SigningKey.generate(), TextType.PERMIT)
    answer = service.post("oliver", "/projects", {"permit": text})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/permit-refused")


def without(service: AtWork, *names: str) -> list[Any]:
    return [person.party for person in service.insiders() if person.id not in names]


@pytest.mark.parametrize(
    ("names", "pointer", "code"),
    [
        (("carol", "chidi"), "/parties/output_checker", "too-few"),
        (("southern-trust",), "/parties/provider", "too-few"),
        (("northern-trust",), "/lead_provider", "not-a-provider"),
    ],
)
def test_a_permit_needs_its_people(service: AtWork, names: tuple[str, ...], pointer: str, code: str) -> None:
    text = service.permit_text(parties=tuple(without(service, *names)), lead_provider="northern-trust")
    answer = service.post("oliver", "/projects", {"permit": text})
    assert answer.status_code == 422
    assert {"pointer": pointer, "code": code} in answer.json()["faults"]


def test_a_permit_names_a_policy_of_the_catalogue(service: AtWork) -> None:
    answer = service.post("oliver", "/projects", {"permit": service.permit_text(policy="anything-goes")})
    assert answer.status_code == 422
    assert answer.json()["faults"] == [{"pointer": "/policy", "code": "not-in-catalogue"}]


def test_a_permit_cannot_have_plaintext_linked(service: AtWork) -> None:
    text = service.permit_text(linkage_profile=LinkageProfile.PLAINTEXT)
    answer = service.post("oliver", "/projects", {"permit": text})
    assert answer.status_code == 422
    assert answer.json()["faults"] == [{"pointer": "/linkage_profile", "code": "laboratory-only"}]


def test_nobody_but_a_provider_sends_a_person_twice(service: AtWork) -> None:
    answer = service.post(
        "oliver", "/projects", {"permit": service.permit_text(repeating_providers=("rosalind",))}
    )
    assert answer.status_code == 422
    assert answer.json()["faults"] == [{"pointer": "/repeating_providers", "code": "not-a-provider"}]


def test_a_permit_names_everybody_once(service: AtWork) -> None:
    parties = without(service)
    twin = a_person("cheng-again", Role.OUTPUT_CHECKER, key=service.people["cheng"].key)
    text = service.permit_text(parties=(*parties, parties[0], twin.party))
    faults = service.post("oliver", "/projects", {"permit": text}).json()["faults"]
    assert {"pointer": "/parties", "code": "same-id-twice"} in faults
    assert {"pointer": "/parties/signing_key", "code": "same-key-twice"} in faults


def test_a_permit_names_registered_people_with_their_registered_keys(service: AtWork) -> None:
    stranger = a_person("stranger", Role.RESEARCHER)
    other_key = a_person("rosalind", Role.RESEARCHER)
    for party in (stranger.party, other_key.party):
        text = service.permit_text(parties=(*without(service, "rosalind"), party))
        faults = service.post("oliver", "/projects", {"permit": text}).json()["faults"]
        assert faults == [{"pointer": "/parties/registered", "code": "differs"}]


def test_a_permit_does_not_name_somebody_whose_key_is_revoked(service: AtWork) -> None:
    with service.worker("operator") as act:
        revoke_principal(act, "rosalind")
    answer = service.post("oliver", "/projects", {"permit": service.permit_text()})
    assert answer.json()["faults"] == [{"pointer": "/parties/registered", "code": "differs"}]


def test_a_permit_grants_to_providers_only_and_ends_after_it_begins(service: AtWork) -> None:
    text = service.permit_text(
        data_sets=(DataSetGrant(provider_id="rosalind", data_set="death"),), valid_to="2025-01-01"
    )
    faults = service.post("oliver", "/projects", {"permit": text}).json()["faults"]
    assert {fault["pointer"] for fault in faults} == {"/data_sets", "/valid_to"}


def test_a_provider_fetches_what_its_tool_needs(project: AtWork) -> None:
    file = project.get("northern-trust", f"/projects/{PROJECT}/provider-file").json()
    assert file["recipients"] == {"linkage": LINKAGE_RECIPIENT, "analysis": ANALYSIS_RECIPIENT}
    assert file["data_sets"] == ["cancer_registration"]


def test_a_project_is_read_after_its_permit_ends_but_nothing_is_started(project: AtWork) -> None:
    project.clock.forward(days=400)
    project.tokens.clear()
    assert project.get("rosalind", f"/projects/{PROJECT}").status_code == 200
    answers = [
        project.send("northern-trust", project.package("northern-trust")),
        project.post("oliver", f"/projects/{PROJECT}/linkage-runs"),
        project.post("rosalind", f"/projects/{PROJECT}/queries", {"question": project.question()}),
    ]
    assert [(a.status_code, a.json()["type"]) for a in answers] == [(403, "/problems/permit-not-live")] * 3
