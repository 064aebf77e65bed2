"""The linkage secret's ceremony at the service: relayed to each provider, checked, entered, never read."""

from __future__ import annotations

import base64
import json

import pytest

from linkage_engine.contract.permit import Role
from service.access.actions import revoke_principal
from service.audit.vocabulary import Action
from tests.at_work import AtWork
from tests.factories import KEY_CHECK, PROJECT

ADDRESS = f"/projects/{PROJECT}/linkage-secret"
OTHER = "1e" * 8
LEAD, PARTNER = "northern-trust", "southern-trust"


@pytest.fixture
def opened(service: AtWork) -> AtWork:
    """A project whose permit says nothing of a secret: the ceremony will."""
    service.open_project(key_check=None)
    return service


def acts(service: AtWork) -> list[tuple[str, str, object]]:
    kinds = (Action.LINKAGE_SECRET_RECEIVE, Action.LINKAGE_SECRET_READ)
    return [(e.action.value, e.actor, e.detail.get("kind")) for e in service.entries() if e.action in kinds]


def test_each_provider_gets_the_statement_and_its_own_envelope(opened: AtWork) -> None:
    body = opened.make_secret()
    for who in (LEAD, PARTNER):
        shown = opened.get(who, ADDRESS).json()
        assert shown == {"statement": body["statement"], "envelope": body["envelopes"][who]}
    assert acts(opened) == [
        ("linkage-secret:receive", LEAD, "new"),
        ("linkage-secret:read", LEAD, None),
        ("linkage-secret:read", PARTNER, None),
    ]


def test_the_same_ceremony_again_is_the_same(opened: AtWork) -> None:
    body = opened.make_secret()
    again = opened.post(LEAD, ADDRESS, body)
    assert (again.status_code, again.json()["key_check"]) == (200, KEY_CHECK)
    assert acts(opened)[-1] == ("linkage-secret:receive", LEAD, "again")
    assert opened.get(PARTNER, ADDRESS).json()["envelope"] == body["envelopes"][PARTNER]


@pytest.mark.parametrize("key_check", [OTHER, KEY_CHECK])
def test_a_second_ceremony_in_an_epoch_is_refused_and_the_first_stands(
    opened: AtWork, key_check: str
) -> None:
    first = opened.make_secret()
    answer = opened.post(LEAD, ADDRESS, opened.ceremony(key_check=key_check))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/linkage-secret-exists")
    assert opened.get(PARTNER, ADDRESS).json()["statement"] == first["statement"]


def test_nobody_but_the_lead_provider_makes_it(opened: AtWork) -> None:
    body = opened.ceremony(signer=PARTNER, lead_provider=PARTNER)
    answer = opened.post(PARTNER, ADDRESS, body)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-the-lead")
    assert opened.get(PARTNER, ADDRESS).json()["type"] == "/problems/no-linkage-secret"


@pytest.mark.parametrize(
    "changes", [{"signer": PARTNER}, {"project_id": "another-project"}, {"secret_epoch": 2}, {"roster": ()}]
)
def test_a_statement_of_somebody_or_something_else_is_refused(
    opened: AtWork, changes: dict[str, str]
) -> None:
    answer = opened.post(LEAD, ADDRESS, opened.ceremony(**changes))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/secret-statement-refused")


@pytest.mark.parametrize("envelope", [base64.b64encode(b"another").decode(), "AAAA=", "AAAAA"])
def test_an_envelope_that_was_not_signed_over_is_refused(opened: AtWork, envelope: str) -> None:
    body = opened.ceremony()
    answer = opened.post(LEAD, ADDRESS, {**body, "envelopes": {**body["envelopes"], PARTNER: envelope}})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/envelopes-differ")


def test_before_the_ceremony_there_is_nothing_to_fetch_or_to_deliver_with(opened: AtWork) -> None:
    answers = [
        opened.get(PARTNER, ADDRESS),
        opened.get(PARTNER, f"/projects/{PROJECT}/provider-file"),
        opened.send(PARTNER, opened.package(PARTNER)),
    ]
    told = [(answer.status_code, answer.json()["type"]) for answer in answers]
    assert told == [(409, "/problems/no-linkage-secret")] * 3


def test_deliveries_need_the_secret_of_the_ceremony(opened: AtWork) -> None:
    opened.make_secret(key_check=OTHER)
    file = opened.get(LEAD, f"/projects/{PROJECT}/provider-file").json()
    assert (file["secret_epoch"], file["key_check"]) == (1, OTHER)
    refused = opened.send(LEAD, opened.package(LEAD, key_check=KEY_CHECK))
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/wrong-linkage-secret")
    assert opened.send(LEAD, opened.package(LEAD, key_check=OTHER)).status_code == 201


def test_a_permit_that_names_a_secret_takes_no_other(project: AtWork) -> None:
    answer = project.post(LEAD, ADDRESS, project.ceremony(key_check=OTHER))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/secret-statement-refused")


def test_after_the_permit_has_ended_no_secret_is_made(opened: AtWork) -> None:
    body = opened.ceremony()
    opened.clock.forward(days=400)
    opened.tokens.clear()
    answer = opened.post(LEAD, ADDRESS, body)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/permit-not-live")


def test_the_roster_is_the_signed_permit_and_what_is_registered_now(opened: AtWork) -> None:
    shown = opened.get(LEAD, f"{ADDRESS}/roster").json()
    assert shown["governance_key"]["x"] == opened.governance.public.x
    assert shown["recipients"] == {who: opened.people[who].party.age_recipient for who in (LEAD, PARTNER)}
    with opened.worker("operator") as act:
        revoke_principal(act, PARTNER)
    assert set(opened.get(LEAD, f"{ADDRESS}/roster").json()["recipients"]) == {LEAD}


def test_a_permit_without_a_secret_needs_a_key_of_every_provider_as_registered(service: AtWork) -> None:
    parties = [person.party for person in service.insiders()]
    keyless = tuple(
        party.model_copy(update={"age_recipient": None}) if party.principal_id == PARTNER else party
        for party in parties
    )
    swapped = tuple(
        party.model_copy(update={"age_recipient": "age1pq1other"}) if party.role is Role.PROVIDER else party
        for party in parties
    )
    for made, pointers in (
        (keyless, ["/parties/age_recipient", "/parties/registered"]),
        (swapped, ["/parties/registered"]),
    ):
        text = service.permit_text(parties=made, key_check=None)
        answer = service.post("oliver", "/projects", {"permit": text})
        assert [fault["pointer"] for fault in answer.json()["faults"]] == pointers


def test_what_is_entered_names_digests_and_never_an_envelope(opened: AtWork) -> None:
    body = opened.make_secret()
    opened.get(PARTNER, ADDRESS)
    entered = json.dumps([entry.detail for entry in opened.entries()])
    assert not any(envelope in entered for envelope in body["envelopes"].values())
