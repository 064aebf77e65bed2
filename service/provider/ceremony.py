"""The ceremony of the linkage secret: the lead provider seals it to each provider, each opens its own.

What the service says is believed only as far as it agrees with the keys pinned in the key
folder and with the permit that the pinned governance key signed. Every check comes before
anything is made, sealed, sent or kept.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from linkage_engine.contract.permit import Party, Permit, PublicKey, Role
from linkage_engine.contract.refusals import CannotSeal
from linkage_engine.contract.statements import Envelope, SecretStatement
from linkage_engine.contract.value import Slug, Value
from linkage_engine.pseudonymise.secret import SECRET_BYTES, LinkageSecret, key_check
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal_bytes
from service.client import Client, RemoteProblem
from service.clock import Clock, Randomness
from service.keys import folder_key, folder_party, recipient_sha256
from service.linkage_secrets.rules import check_lead, check_statement
from service.problems.linkage_secrets import (
    EnvelopesDiffer,
    KeyCheckDiffers,
    NoLinkageSecret,
    PinnedKeyDiffers,
    SecretStatementRefused,
)
from service.problems.projects import PermitRefused
from service.problems.tools import SignatureRefused
from service.provider.identity import open_envelope
from service.provider.pins import read_pins
from service.provider.secret import check_epoch, keep_secret, kept_secret
from service.signed import TextType, sign, verified


class Roster(Value):
    """What the service shows before a ceremony."""

    permit: str
    governance_key: PublicKey
    recipients: dict[Slug, str]


class Received(Value):
    """What the service hands to one provider."""

    statement: str
    envelope: str


@dataclass(frozen=True)
class Believed:
    """A permit that the pinned governance key signed, and what the service says beside it."""

    permit: Permit
    recipients: Mapping[str, str]


@dataclass(frozen=True)
class Seat:
    """One provider at its machine."""

    keys: Path
    client: Client
    clock: Clock
    random: Randomness


def make(seat: Seat, project_id: str) -> SecretStatement:
    """As the lead provider: make the secret, seal it to every provider of the permit, sign and post it.

    The secret is kept first, so that a run that was cut short goes on with the same one; where the
    ceremony was held already its own envelope is opened instead. Raises NotTheLead, KeyNotPinned,
    PinnedKeyDiffers and PermitRefused before anything is made.
    """
    # 1. Whose permit it is, and whether every key is the one that its owner read out.
    believed = _believed(seat, project_id)
    permit = believed.permit
    check_lead(permit, folder_party(seat.keys).principal_id)
    _check_recipients(seat, believed)
    check_epoch(seat.keys, project_id, permit.secret_epoch)
    try:
        return _receive(seat, permit)
    except RemoteProblem as problem:
        if problem.slug != NoLinkageSecret.slug:
            raise
    # 2. The secret, kept before it is sealed.
    secret = kept_secret(seat.keys, project_id, permit.secret_epoch) or LinkageSecret.generate(seat.random)
    keep_secret(seat.keys, project_id, permit.secret_epoch, secret)
    # 3. An envelope for each provider, the statement over all of them.
    envelopes = {
        party.principal_id: seal_bytes(secret.reveal(), recipients=[_recipient(party)], random=seat.random)
        for party in permit.parties_in(Role.PROVIDER)
    }
    statement = _statement(permit, envelopes, key_check(secret, project_id, permit.secret_epoch), seat.clock)
    seat.client.post(
        f"/projects/{project_id}/linkage-secret",
        {
            "statement": sign(statement, folder_key(seat.keys), TextType.LINKAGE_SECRET),
            "envelopes": {name: base64.b64encode(sealed).decode() for name, sealed in envelopes.items()},
        },
    )
    return statement


def fetch(seat: Seat, project_id: str) -> SecretStatement:
    """As any provider: open the own envelope and keep the secret; doing it again changes nothing.

    Raises KeyNotPinned, PinnedKeyDiffers, PermitRefused, SecretEpochPassed, SecretStatementRefused,
    EnvelopesDiffer, EnvelopeNotYours, KeyCheckDiffers or SecretKept, and keeps nothing then.
    """
    believed = _believed(seat, project_id)
    check_epoch(seat.keys, project_id, believed.permit.secret_epoch)
    return _receive(seat, believed.permit)


def _believed(seat: Seat, project_id: str) -> Believed:
    shown = Roster.model_validate(seat.client.get(f"/projects/{project_id}/linkage-secret/roster"))
    pins = read_pins(seat.keys)
    pins.check_governance(shown.governance_key)
    try:
        permit = verified(shown.permit, (shown.governance_key,), TextType.PERMIT, Permit)
    except SignatureRefused:
        raise PermitRefused from None
    own = folder_party(seat.keys)
    lead = permit.party(permit.lead_provider)
    if permit.project_id != project_id or lead is None or lead.role is not Role.PROVIDER:
        raise PermitRefused
    if _keys(permit.party(own.principal_id)) != _keys(own):
        raise PinnedKeyDiffers(faults=[{"pointer": f"/{own.principal_id}", "code": "own-key"}])
    if lead.principal_id != own.principal_id:
        pins.check_signing(lead)
    return Believed(permit, shown.recipients)


def _keys(party: Party | None) -> tuple[Role, PublicKey, str | None] | None:
    return (party.role, party.signing_key, party.age_recipient) if party else None


def _check_recipients(seat: Seat, believed: Believed) -> None:
    """The recipient of every provider: as registered, as in the permit, as pinned, three times the same."""
    pins, own = read_pins(seat.keys), folder_party(seat.keys)
    for party in believed.permit.parties_in(Role.PROVIDER):
        if believed.recipients.get(party.principal_id) != party.age_recipient:
            raise PinnedKeyDiffers(faults=[{"pointer": f"/{party.principal_id}", "code": "registered-key"}])
        if party.principal_id != own.principal_id:
            pins.check_signing(party)
            pins.check_sealing(party.principal_id, party.age_recipient or "")
        _recipient(party)


def _recipient(party: Party) -> Recipient:
    try:
        return Recipient.parse(party.age_recipient or "")
    except CannotSeal:
        raise PermitRefused from None


def _statement(permit: Permit, envelopes: Mapping[str, bytes], check: str, clock: Clock) -> SecretStatement:
    return SecretStatement(
        project_id=permit.project_id,
        secret_epoch=permit.secret_epoch,
        lead_provider=permit.lead_provider,
        key_check=check,
        roster=tuple(
            Envelope(
                provider_id=party.principal_id,
                recipient_sha256=recipient_sha256(party.age_recipient or ""),
                sealed_sha256=hashlib.sha256(envelopes[party.principal_id]).hexdigest(),
            )
            for party in permit.parties_in(Role.PROVIDER)
        ),
        made_at=clock(),
    )


def _receive(seat: Seat, permit: Permit) -> SecretStatement:
    """Open and keep what the lead provider sealed for the owner of the key folder."""
    shown = Received.model_validate(seat.client.get(f"/projects/{permit.project_id}/linkage-secret"))
    lead = permit.party(permit.lead_provider)
    assert lead is not None
    # 1. The lead provider signed it, about this permit.
    try:
        statement = verified(shown.statement, (lead.signing_key,), TextType.LINKAGE_SECRET, SecretStatement)
    except SignatureRefused:
        raise SecretStatementRefused from None
    check_statement(statement, permit)
    # 2. The envelope is the one it signed for us.
    own_id = folder_party(seat.keys).principal_id
    sealed = _decoded(shown.envelope)
    digests = {envelope.provider_id: envelope.sealed_sha256 for envelope in statement.roster}
    if hashlib.sha256(sealed).hexdigest() != digests.get(own_id):
        raise EnvelopesDiffer
    # 3. What is in it is what the statement describes.
    opened = open_envelope(sealed, seat.keys)
    if len(opened) != SECRET_BYTES:
        raise KeyCheckDiffers
    secret = LinkageSecret(opened)
    if key_check(secret, permit.project_id, permit.secret_epoch) != statement.key_check:
        raise KeyCheckDiffers
    keep_secret(seat.keys, permit.project_id, permit.secret_epoch, secret)
    return statement


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise EnvelopesDiffer from None
