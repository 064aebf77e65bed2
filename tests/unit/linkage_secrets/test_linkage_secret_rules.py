"""When a statement is that of the permit's ceremony."""

from __future__ import annotations

import pytest

from linkage_engine.contract.permit import Role
from linkage_engine.contract.statements import SecretStatement
from service.linkage_secrets.rules import (
    agrees,
    check_envelopes,
    check_lead,
    check_statement,
    roster_of,
)
from service.problems.linkage_secrets import EnvelopesDiffer, NotTheLead, SecretStatementRefused
from tests.factories import a_permit, a_person, a_secret_statement, the_people

NORTH, SOUTH = a_person("north", Role.PROVIDER), a_person("south", Role.PROVIDER)
CHECKERS = [person for person in the_people().values() if person.role is Role.OUTPUT_CHECKER]
PERMIT = a_permit([NORTH, SOUTH, *CHECKERS], key_check=None)
ENVELOPES = {"north": b"sealed to north", "south": b"sealed to south"}
STATEMENT = a_secret_statement((NORTH, SOUTH), ENVELOPES)
ROSTER = STATEMENT.roster
SWAPPED = ROSTER[1].model_copy(update={"recipient_sha256": "0" * 64})


def test_the_roster_is_the_permits_providers_and_nobody_else() -> None:
    assert set(roster_of(PERMIT)) == {"north", "south"}


def test_a_statement_of_the_permits_ceremony_agrees() -> None:
    check_statement(STATEMENT, PERMIT)
    assert agrees(STATEMENT, a_permit([NORTH, SOUTH], key_check=STATEMENT.key_check))


@pytest.mark.parametrize(
    "changes",
    [
        {"project_id": "another-project"},
        {"secret_epoch": 2},
        {"lead_provider": "south"},
        {"roster": ROSTER[:1]},
        {"roster": (*ROSTER, ROSTER[0])},
        {"roster": (ROSTER[0], SWAPPED)},
        {"roster": (*ROSTER, ROSTER[1].model_copy(update={"provider_id": "third"}))},
    ],
    ids=["project", "epoch", "lead", "one missing", "one twice", "another's key", "one too many"],
)
def test_a_statement_about_anything_else_is_refused(changes: dict[str, object]) -> None:
    other: SecretStatement = STATEMENT.model_copy(update=changes)
    with pytest.raises(SecretStatementRefused):
        check_statement(other, PERMIT)


def test_a_permit_that_names_a_key_check_takes_no_ceremony_of_another_secret() -> None:
    assert not agrees(STATEMENT, a_permit([NORTH, SOUTH], key_check="1e" * 8))


@pytest.mark.parametrize(
    "envelopes",
    [
        {},
        {"north": b"sealed to north"},
        {**ENVELOPES, "third": b"sealed to third"},
        {"north": b"sealed to south", "south": b"sealed to north"},
        {**ENVELOPES, "south": b"sealed to South"},
    ],
    ids=["none", "one missing", "one too many", "the two changed over", "a byte"],
)
def test_envelopes_that_were_not_signed_over_are_refused(envelopes: dict[str, bytes]) -> None:
    check_envelopes(STATEMENT, ENVELOPES)
    with pytest.raises(EnvelopesDiffer):
        check_envelopes(STATEMENT, envelopes)


def test_only_the_lead_provider_makes_the_secret() -> None:
    check_lead(PERMIT, "north")
    with pytest.raises(NotTheLead):
        check_lead(PERMIT, "south")
