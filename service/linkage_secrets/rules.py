"""When a lead provider's statement is that of the permit's ceremony: asked by api, workers and providers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from linkage_engine.contract.permit import Permit, Role
from linkage_engine.contract.statements import SecretStatement
from service.keys import recipient_sha256
from service.problems.linkage_secrets import EnvelopesDiffer, NotTheLead, SecretStatementRefused


def roster_of(permit: Permit) -> dict[str, str]:
    """For each provider of the permit the digest of the recipient that the secret is sealed to."""
    return {
        party.principal_id: recipient_sha256(party.age_recipient or "")
        for party in permit.parties_in(Role.PROVIDER)
    }


def agrees(statement: SecretStatement, permit: Permit) -> bool:
    """Whether a statement is about the permit's project, epoch and providers, each with the permit's key."""
    named = {envelope.provider_id: envelope.recipient_sha256 for envelope in statement.roster}
    return (
        (statement.project_id, statement.secret_epoch) == (permit.project_id, permit.secret_epoch)
        and statement.lead_provider == permit.lead_provider
        and len(statement.roster) == len(named)
        and named == roster_of(permit)
        and permit.key_check in {None, statement.key_check}
    )


def check_lead(permit: Permit, provider_id: str) -> None:
    """Raise NotTheLead unless the permit names the provider as the one that makes the secret."""
    if permit.lead_provider != provider_id:
        raise NotTheLead


def check_statement(statement: SecretStatement, permit: Permit) -> None:
    """Raise SecretStatementRefused unless the statement agrees with the permit."""
    if not agrees(statement, permit):
        raise SecretStatementRefused


def check_envelopes(statement: SecretStatement, envelopes: Mapping[str, bytes]) -> None:
    """Raise EnvelopesDiffer unless the envelopes are exactly those that the statement was signed over."""
    found = {provider: hashlib.sha256(sealed).hexdigest() for provider, sealed in envelopes.items()}
    if found != {envelope.provider_id: envelope.sealed_sha256 for envelope in statement.roster}:
        raise EnvelopesDiffer
