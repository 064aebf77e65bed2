"""Receiving a ceremony, handing each provider its envelope, saying which secret is in force."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from linkage_engine.contract.permit import Permit, Role
from linkage_engine.contract.project_file import ProjectFile, Recipients
from linkage_engine.contract.statements import SecretStatement
from service.access.records import principal_by_id
from service.act import Act
from service.audit.vocabulary import Action
from service.keys import Pins
from service.linkage_secrets import rules
from service.linkage_secrets.records import SecretCeremony, SecretEnvelope, ceremony_of, envelope_of
from service.problems.linkage_secrets import LinkageSecretExists, NoLinkageSecret, SecretStatementRefused
from service.problems.requests import NotFound
from service.problems.tools import SignatureRefused
from service.projects.actions import permit_for
from service.projects.records import project_by_id
from service.signed import TextType, verified


@dataclass(frozen=True)
class Roster:
    """What the lead provider compares before it seals: the permit, and the recipients registered now."""

    permit: str
    recipients: Mapping[str, str]


def read_roster(act: Act, project_id: str) -> Roster:
    """The signed permit, whose keys the tool checks itself, and what is registered for its providers."""
    permit = permit_for(act, project_id, live=False)
    project = project_by_id(act.session, project_id)
    assert project is not None
    act.enter(Action.PROJECT_READ, project_id, project=project_id, kind="roster")
    parties = (principal_by_id(act.session, p.principal_id) for p in permit.parties_in(Role.PROVIDER))
    return Roster(
        permit=project.permit,
        recipients={party.id: party.age_recipient or "" for party in parties if party and party.active},
    )


def receive_secret(
    act: Act, project_id: str, text: str, envelopes: Mapping[str, bytes]
) -> tuple[SecretCeremony, bool]:
    """Keep the lead provider's statement and envelopes; the ceremony, and whether it is new.

    The same statement again is the same ceremony; another one in the same epoch raises
    LinkageSecretExists. Raises NotTheLead, SecretStatementRefused or EnvelopesDiffer too.
    """
    permit = permit_for(act, project_id, live=True)
    rules.check_lead(permit, act.actor)
    statement = _statement(text, permit)
    rules.check_statement(statement, permit)
    rules.check_envelopes(statement, envelopes)
    digest = hashlib.sha256(text.encode()).hexdigest()
    known = ceremony_of(act.session, project_id, statement.secret_epoch)
    if known is not None and known.statement_sha256 != digest:
        raise LinkageSecretExists
    act.enter(
        Action.LINKAGE_SECRET_RECEIVE,
        project_id,
        project=project_id,
        kind="new" if known is None else "again",
        secret_epoch=statement.secret_epoch,
        statement_sha256=digest,
        parts=len(envelopes),
    )
    return (known, False) if known else (_add(act, statement, text, envelopes), True)


def _statement(text: str, permit: Permit) -> SecretStatement:
    lead = permit.party(permit.lead_provider)
    assert lead is not None  # checked when the project was opened
    try:
        return verified(text, (lead.signing_key,), TextType.LINKAGE_SECRET, SecretStatement)
    except SignatureRefused:
        raise SecretStatementRefused from None


def _add(act: Act, statement: SecretStatement, text: str, envelopes: Mapping[str, bytes]) -> SecretCeremony:
    project_id, epoch = statement.project_id, statement.secret_epoch
    made = SecretCeremony(
        project_id=project_id,
        secret_epoch=epoch,
        key_check=statement.key_check,
        statement=text,
        statement_sha256=hashlib.sha256(text.encode()).hexdigest(),
        received_at=act.clock(),
    )
    act.session.add(made)
    act.session.flush()
    act.session.add_all(
        SecretEnvelope(project_id=project_id, secret_epoch=epoch, provider_id=provider_id, sealed=sealed)
        for provider_id, sealed in envelopes.items()
    )
    return made


def read_envelope(act: Act, project_id: str) -> tuple[SecretCeremony, bytes]:
    """The lead provider's statement and the caller's own envelope; raises NoLinkageSecret."""
    permit = permit_for(act, project_id, live=False)
    made = ceremony_of(act.session, project_id, permit.secret_epoch)
    if made is None:
        raise NoLinkageSecret
    sealed = envelope_of(act.session, project_id, permit.secret_epoch, act.actor)
    if sealed is None:
        raise NotFound
    act.enter(
        Action.LINKAGE_SECRET_READ,
        project_id,
        project=project_id,
        secret_epoch=made.secret_epoch,
        statement_sha256=made.statement_sha256,
        sealed_sha256=hashlib.sha256(sealed).hexdigest(),
    )
    return made, sealed


def secret_in_force(act: Act, permit: Permit) -> tuple[int, str]:
    """Epoch and key check of the secret that deliveries are made with; raises NoLinkageSecret."""
    made = ceremony_of(act.session, permit.project_id, permit.secret_epoch)
    key_check = made.key_check if made else permit.key_check
    if key_check is None:
        raise NoLinkageSecret
    return permit.secret_epoch, key_check


def read_provider_file(act: Act, project_id: str, pins: Pins) -> ProjectFile:
    """What a provider's tool needs to seal: whose keys, with which secret, and what the provider may send."""
    permit = permit_for(act, project_id, live=False)
    epoch, key_check = secret_in_force(act, permit)
    act.enter(Action.PROJECT_READ, project_id, project=project_id, kind="provider-file")
    return ProjectFile(
        project_id=permit.project_id,
        secret_epoch=epoch,
        key_check=key_check,
        linkage_profile=permit.linkage_profile,
        recipients=Recipients(
            linkage=pins.linkage.age_recipient or "", analysis=pins.analysis.age_recipient or ""
        ),
        data_sets=tuple(g.data_set for g in permit.data_sets if g.provider_id == act.actor),
    )
