"""A service that swaps keys to learn the linkage secret (threat T8), met by real tools over HTTP."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.contract.permit import Permit
from linkage_engine.contract.statements import SecretStatement
from linkage_engine.laboratory.demo.cast import PROJECT
from linkage_engine.unseal.identity import Identity
from service.keys import signing_key
from service.provider.secret import kept_path, read_secret
from service.signed import SigningKey, TextType, sign, verified
from tests.attacks.ceremony.hostile_service import HostileService, hostile_service
from tests.running import Running

pytestmark = pytest.mark.process
LEAD, PARTNER = "cancer-registry", "gp-federation"
ROSTER, ENVELOPE = "/linkage-secret/roster", "/linkage-secret"
EVE = Identity.generate(secrets.token_bytes)
FALSE_GOVERNANCE = SigningKey.generate()


@pytest.fixture
def hostile(running: Running) -> Iterator[HostileService]:
    with hostile_service(running.demo.url) as made:
        yield made


def a_project(running: Running, project_id: str) -> str:
    """A project whose secret is still to be made."""
    return running.open_project(project_id, key_check=None)


def tool(
    running: Running, hostile: HostileService, act: str, who: str, project_id: str, *, expect: int
) -> str:
    """What tre-provider said, run as a process against the hostile service."""
    where = ("--url", hostile.url, "--keys", running.demo.keys(who))
    return running.demo.journal.run("tre-provider", "secret", act, project_id, *where, expect=expect)


def to_eve(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "recipients": {**answer["recipients"], PARTNER: str(EVE.recipient)}}


def resigned(answer: dict[str, Any], governance: SigningKey) -> dict[str, Any]:
    """The permit with another recipient for the partner, signed by whoever the service likes."""
    claimed = Permit.model_validate_json(_payload(answer["permit"]))
    parties = tuple(
        party.model_copy(update={"age_recipient": str(EVE.recipient)})
        if party.principal_id == PARTNER
        else party
        for party in claimed.parties
    )
    permit = sign(claimed.model_copy(update={"parties": parties}), governance, TextType.PERMIT)
    return {**to_eve(answer), "permit": permit, "governance_key": governance.public.model_dump()}


def _payload(compact: str) -> bytes:
    part = compact.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize("how", ["registered key", "permit and governance", "permit by governance itself"])
def test_another_key_stops_the_lead_provider_before_anything_is_sealed_or_sent(
    running: Running, hostile: HostileService, how: str
) -> None:
    project_id = a_project(running, f"swapped-{how.replace(' ', '-')}")
    governance = signing_key(running.home.governance_key)
    hostile.changes[ROSTER] = {
        "registered key": to_eve,
        "permit and governance": lambda answer: resigned(answer, FALSE_GOVERNANCE),
        "permit by governance itself": lambda answer: resigned(answer, governance),
    }[how]
    said = tool(running, hostile, "make", LEAD, project_id, expect=1)
    assert said.startswith("Pinned key differs: ")
    assert "What to do: Go no further." in said
    assert hostile.posted() == []
    assert not kept_path(running.demo.keys(LEAD), project_id, 1).parent.exists()
    assert running.rows("SELECT * FROM linkage_secret WHERE project_id = ?", project_id) == []


def test_an_honest_relay_brings_the_secret_round_and_a_false_one_brings_nothing(
    running: Running, hostile: HostileService
) -> None:
    project_id = a_project(running, "relayed-project")
    tool(running, hostile, "make", LEAD, project_id, expect=0)
    assert hostile.posted() == [f"/projects/{project_id}/linkage-secret"]
    envelopes = json.loads(hostile.bodies[-1])["envelopes"]
    kept = kept_path(running.demo.keys(PARTNER), project_id, 1)
    for change, title in false_answers(envelopes).items():
        hostile.changes[ENVELOPE] = lambda answer, told=dict(change): {**answer, **told}  # type: ignore[misc]
        said = tool(running, hostile, "fetch", PARTNER, project_id, expect=1)
        assert said.startswith(f"{title}: "), said
        assert not kept.exists()
    hostile.changes.clear()
    tool(running, hostile, "fetch", PARTNER, project_id, expect=0)
    secret = read_secret(kept).reveal()
    assert secret == read_secret(kept_path(running.demo.keys(LEAD), project_id, 1)).reveal()
    assert not any(learnt(secret, body) for body in hostile.bodies)


def false_answers(envelopes: Mapping[str, str]) -> dict[tuple[tuple[str, str], ...], str]:
    """What a service could show instead of a provider's own envelope, and what the tool calls it."""
    flipped = bytearray(base64.b64decode(envelopes[PARTNER]))
    flipped[-1] ^= 1
    return {
        (("envelope", envelopes[LEAD]),): "Envelopes differ from the statement",
        (("envelope", base64.b64encode(flipped).decode()),): "Envelopes differ from the statement",
        (("statement", "e30.e30.e30"),): "Secret statement refused",
    }


def learnt(secret: bytes, body: bytes) -> bool:
    """Whether a body that the service saw holds the secret in any of its forms."""
    forms = (secret, secret.hex().encode(), base64.b64encode(secret), base64.urlsafe_b64encode(secret))
    return any(form in body for form in forms)


def test_the_demos_ceremony_is_in_the_log_and_its_secret_in_no_file_of_the_service(running: Running) -> None:
    [made] = entered(running, "linkage-secret:receive")
    fetched = entered(running, "linkage-secret:read")
    assert (made["actor"], made["detail"]["secret_epoch"]) == (LEAD, 1)
    assert PARTNER in {entry["actor"] for entry in fetched}
    [(statement,)] = running.rows("SELECT statement FROM linkage_secret WHERE project_id = ?", PROJECT)
    key = running.key(LEAD).public
    signed = verified(statement, (key,), TextType.LINKAGE_SECRET, SecretStatement)
    assert {envelope.provider_id for envelope in signed.roster} == {LEAD, PARTNER}
    files = [path for path in running.demo.home.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if learnt(running.secret.reveal(), _read(path))] == []


def entered(running: Running, action: str) -> list[dict[str, Any]]:
    return [entry for entry in running.entries(action=action) if entry["subject"] == PROJECT]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # a file of the database that came and went
        return b""
