"""Three providers round a table with real keys, and a service that relays what they send."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from linkage_engine.contract.permit import Party, Permit, Role
from linkage_engine.contract.statements import SecretStatement
from service.client import Client
from service.keys import fingerprint, folder_key, folder_party, make_key_folder
from service.provider.ceremony import Seat
from service.provider.identity import new_identity
from service.provider.pins import PinnedProvider, pin_governance, pin_provider, plain
from service.signed import SigningKey, TextType, sign, thumbprint, verified
from tests.factories import NOON, a_permit, a_person

LEAD, PARTNER, THIRD = NAMES = ("lead-trust", "partner-trust", "third-trust")
TOKEN = {"access_token": "token", "expires_in": 300}
ABSENT = {"type": "/problems/no-linkage-secret", "title": "No linkage secret yet", "status": 409}


@dataclass
class Relay:
    """Answers as the api does, or as somebody who took its place would like."""

    roster: dict[str, Any]
    posted: list[dict[str, Any]] = field(default_factory=list)
    shown: dict[str, dict[str, str]] = field(default_factory=dict)
    """Instead of a provider's own statement and envelope."""
    breaks: bool = False
    """Whether the connection breaks before a ceremony arrives."""

    def answer(self, who: str, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json=TOKEN)
        if request.url.path.endswith("/roster"):
            return httpx.Response(200, json=self.roster)
        if request.method == "POST":
            if self.breaks:
                raise httpx.ConnectError("gone", request=request)
            self.posted.append(json.loads(request.read()))
            return httpx.Response(201, json={})
        if who in self.shown or self.posted:
            return httpx.Response(200, json=self.shown.get(who) or self.envelope(who))
        return httpx.Response(409, json=ABSENT)

    def envelope(self, who: str) -> dict[str, str]:
        """What an honest service shows a provider."""
        [posted] = self.posted
        return {"statement": posted["statement"], "envelope": posted["envelopes"][who]}


@dataclass
class Table:
    """The providers' key folders, governance's key, and the relay between them."""

    folder: Path
    governance: SigningKey
    relay: Relay

    def keys(self, who: str) -> Path:
        return self.folder / who

    def party(self, who: str) -> Party:
        return folder_party(self.keys(who))

    def client(self, who: str) -> Client:
        transport = httpx.MockTransport(lambda request: self.relay.answer(who, request))
        http = httpx.Client(base_url="http://service.test", transport=transport)
        return Client(http, who, folder_key(self.keys(who)), clock=lambda: NOON, random=secrets.token_bytes)

    def seat(self, who: str) -> Seat:
        return Seat(self.keys(who), self.client(who), lambda: NOON, secrets.token_bytes)

    def permit(self, *, key: SigningKey | None = None, **changes: object) -> str:
        """A permit of these providers, signed by governance unless told otherwise."""
        return sign(a_permit_of(self, **changes), key or self.governance, TextType.PERMIT)

    def statement(self) -> SecretStatement:
        """What the lead provider signed and posted."""
        text = self.relay.posted[0]["statement"]
        return verified(text, (self.party(LEAD).signing_key,), TextType.LINKAGE_SECRET, SecretStatement)

    def shows(self, who: str, statement: SecretStatement, envelope: str, *, signer: str = LEAD) -> None:
        """Have the relay show a provider another statement, really signed, or another envelope."""
        text = sign(statement, folder_key(self.keys(signer)), TextType.LINKAGE_SECRET)
        self.relay.shown[who] = {"statement": text, "envelope": envelope}

    def kept(self, who: str) -> list[str]:
        """Every file of a provider's secrets."""
        return sorted(path.name for path in (self.keys(who) / "secrets").rglob("*") if path.is_file())


def a_permit_of(table: Table, **changes: object) -> Permit:
    checkers = [a_person(name, Role.OUTPUT_CHECKER) for name in ("cheng", "carol")]
    parties = (*(table.party(name) for name in NAMES), *(checker.party for checker in checkers))
    return a_permit([], **{"parties": parties, "lead_provider": LEAD, "key_check": None, **changes})


def pin_of(party: Party) -> PinnedProvider:
    """What a provider reads out."""
    read_out = fingerprint(party.age_recipient or "")
    return PinnedProvider(thumbprint=thumbprint(party.signing_key), fingerprint=plain(read_out))


def a_table(folder: Path) -> Table:
    """Three providers with keys, who have pinned governance's and each other's."""
    table = Table(folder, SigningKey.generate(), Relay({}))
    for name in NAMES:
        make_key_folder(
            table.keys(name),
            principal_id=name,
            name=name,
            role=Role.PROVIDER,
            age=new_identity(secrets.token_bytes),
        )
    for name in NAMES:
        pin_governance(table.keys(name), thumbprint(table.governance.public), replace=False)
        for other in set(NAMES) - {name}:
            pin_provider(table.keys(name), other, pin_of(table.party(other)), replace=False)
    recipients: Mapping[str, str | None] = {name: table.party(name).age_recipient for name in NAMES}
    table.relay.roster = {
        "permit": table.permit(),
        "governance_key": table.governance.public.model_dump(),
        "recipients": recipients,
    }
    return table
