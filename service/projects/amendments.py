"""Which permit may take the place of another: the next in line, by its digest, and no looser than it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date

from linkage_engine.catalogue.policies import is_no_looser
from linkage_engine.contract.permit import Permit, PublicKey
from service.problems.projects import AmendmentRefused, PermitRefused
from service.problems.tools import SignatureRefused
from service.signed import TextType, verified

LONGEST = 1000
"""Amendments of one project; who says there are more is not followed."""


def digest_of(text: str) -> str:
    """What an amendment calls the permit that it takes the place of: the SHA-256 of its text."""
    return hashlib.sha256(text.encode()).hexdigest()


def faults_of_amendment(before: Permit, digest: str, after: Permit) -> list[dict[str, str]]:
    """Why one permit may not take the place of another, as pointers and codes; empty where it may.

    `digest` is that of the text of the permit before.
    """
    known = {party.principal_id: (party.role, party.person) for party in before.parties}
    said = {party.principal_id: (party.role, party.person) for party in after.parties}
    new_secret = after.secret_epoch != before.secret_epoch
    checks = {
        "/sequence": ("not-the-next", after.sequence != before.sequence + 1),
        "/amends": ("another-permit", after.amends != digest),
        "/permit": ("outdated", after.permit < before.permit),
        "/project_id": ("another-project", after.project_id != before.project_id),
        "/closed_on": ("closed", before.closed_on is not None),
        "/policy": ("looser", not is_no_looser(after.policy, before.policy)),
        "/linkage_profile": ("changed", after.linkage_profile != before.linkage_profile),
        "/lead_provider": ("changed", after.lead_provider != before.lead_provider and not new_secret),
        "/secret_epoch": ("not-the-next", after.secret_epoch - before.secret_epoch not in {0, 1}),
        "/key_check": ("changed", after.key_check != before.key_check and not new_secret),
        "/parties": ("somebody-else", any(said.get(name, known[name]) != known[name] for name in known)),
    }
    return [{"pointer": at, "code": code} for at, (code, wrong) in checks.items() if wrong]


def check_amendment(before: Permit, digest: str, after: Permit) -> None:
    """Raise AmendmentRefused with its faults unless one permit may take the place of the other."""
    faults = faults_of_amendment(before, digest, after)
    if faults:
        raise AmendmentRefused(faults=faults)


def check_closing(permit: Permit, today: date) -> None:
    """Raise AmendmentRefused for a permit that closes its project on a day to come: access ends at once."""
    if permit.closed_on is not None and permit.closed_on > today:
        raise AmendmentRefused(faults=[{"pointer": "/closed_on", "code": "to-come"}])


def chain_of(text: str, governance_key: PublicKey, earlier: Callable[[str], str | None]) -> tuple[str, ...]:
    """The digests of a permit and of all that it takes the place of, the first permit first.

    `earlier` gives the text of a digest; what it gives is believed only if it has that digest. Raises
    PermitRefused unless governance signed each and each might take the place of the one before.
    """
    digests = [digest_of(text)]
    after = _signed(text, governance_key)
    while after.amends is not None and len(digests) < LONGEST:
        found = earlier(after.amends)
        if found is None or digest_of(found) != after.amends:
            raise PermitRefused
        before = _signed(found, governance_key)
        if faults_of_amendment(before, after.amends, after):
            raise PermitRefused
        digests.append(after.amends)
        after = before
    if after.sequence != 1:
        raise PermitRefused
    return tuple(reversed(digests))


def _signed(text: str, governance_key: PublicKey) -> Permit:
    try:
        return verified(text, (governance_key,), TextType.PERMIT, Permit)
    except SignatureRefused:
        raise PermitRefused from None
