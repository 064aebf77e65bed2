"""When a permit holds together, and when it is in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from linkage_engine.catalogue.policies import POLICIES, limits_of
from linkage_engine.contract.limits import Limits
from linkage_engine.contract.permit import SAID_NOW, Party, Permit, PublicKey, Role
from linkage_engine.contract.profiles import SERVED
from linkage_engine.contract.statements import APPROVALS_NEEDED
from service.problems.projects import GrantNotLive, PermitNotLive, PermitRefused, StandingNotLive
from service.projects.grants import is_granted

PROVIDERS = 2
"""Fewer have nothing to link."""
Registered = tuple[Role, PublicKey, str | None, str]
"""Role, signing key, age recipient and the person behind them."""
ACCREDITED = frozenset({Role.RESEARCHER, Role.OUTPUT_CHECKER})
"""Roles that people hold for themselves: the permit says who, and that they are accredited and trained."""


def faults_of_permit(permit: Permit, registered: Mapping[str, Registered]) -> list[dict[str, str]]:
    """What does not hold together, as pointers and codes; empty when all does.

    `registered` gives role and keys of each principal of the permit that is registered and live.
    """
    providers = {party.principal_id for party in permit.parties_in(Role.PROVIDER)}
    checks = {
        "/permit": ("outdated", permit.permit < SAID_NOW),
        "/public_benefit": ("missing", permit.public_benefit is None),
        "/legal_basis": ("not-by-number", isinstance(permit.legal_basis, str)),
        "/intended_outputs": ("missing", not permit.intended_outputs),
        "/signed_by": ("missing", permit.signed_by is None),
        "/signed_by/party": ("does-research", permit.signed_by in _people(permit)),
        "/valid_to": ("before-valid-from", permit.valid_to < permit.valid_from),
        "/parties": ("same-id-twice", _repeats(party.principal_id for party in permit.parties)),
        "/parties/signing_key": ("same-key-twice", _repeats(party.signing_key.x for party in permit.parties)),
        "/parties/passkeys": ("of-no-checker-or-twice", not _passkeys_are_checkers_own(permit)),
        "/parties/output_checker": (
            "too-few",
            len({party.person for party in permit.parties_in(Role.OUTPUT_CHECKER)}) < APPROVALS_NEEDED,
        ),
        "/parties/standing": ("missing", not _says_who_is_accredited(permit)),
        "/parties/age_recipient": ("missing", not _can_be_sealed_to(permit)),
        "/parties/provider": ("too-few", len(providers) < PROVIDERS),
        "/lead_provider": ("not-a-provider", permit.lead_provider not in providers),
        "/repeating_providers": ("not-a-provider", not providers.issuperset(permit.repeating_providers)),
        "/match_rates": (
            "not-a-provider",
            any({rate.provider_id, rate.linked_to} - providers for rate in permit.match_rates),
        ),
        "/linkage_profile": ("laboratory-only", permit.linkage_profile not in SERVED),
        "/policy": ("not-in-catalogue", permit.policy not in POLICIES),
        "/data_sets": ("not-a-provider", any(g.provider_id not in providers for g in permit.data_sets)),
        "/data_sets/granted": (
            "not-signed",
            not all(is_granted(each, permit.project_id) for each in permit.data_sets),
        ),
        "/parties/registered": (
            "differs",
            any(not _is_registered(party, registered) for party in permit.parties),
        ),
    }
    return [{"pointer": at, "code": code} for at, (code, wrong) in checks.items() if wrong]


def check_permit(permit: Permit, registered: Mapping[str, Registered]) -> None:
    """Raise PermitRefused with its faults unless the permit holds together."""
    faults = faults_of_permit(permit, registered)
    if faults:
        raise PermitRefused(faults=faults)


def check_live(permit: Permit, today: date) -> None:
    """Raise PermitNotLive or GrantNotLive unless the permit and every grant in it are in force."""
    if not permit.is_live(today):
        raise PermitNotLive(valid_from=permit.valid_from.isoformat(), valid_to=permit.valid_to.isoformat())
    lapsed = permit.lapsed_grants(today)
    if lapsed:
        raise GrantNotLive(data_sets=", ".join(f"{each.provider_id}:{each.data_set}" for each in lapsed))


def check_standing(permit: Permit, principal_id: str, today: date) -> None:
    """Raise StandingNotLive where the accreditation or training of a party is not in force."""
    party = permit.party(principal_id)
    lapsed = party.lapsed(today) if party else None
    if party and lapsed:
        held = party.standing[lapsed]
        raise StandingNotLive(
            kind=lapsed.value, valid_from=held.valid_from.isoformat(), valid_to=held.valid_to.isoformat()
        )


def _people(permit: Permit) -> set[str]:
    """Who asks and who checks."""
    return {party.person for party in permit.parties if party.role in ACCREDITED}


def _says_who_is_accredited(permit: Permit) -> bool:
    return all(
        party.person_id and party.accreditation and party.training
        for party in permit.parties
        if party.role in ACCREDITED
    )


def _passkeys_are_checkers_own(permit: Permit) -> bool:
    """Only output checkers sign with passkeys, each with those that are nobody else's."""
    held = [(party.role, each) for party in permit.parties for each in party.passkeys]
    checkers_only = all(role is Role.OUTPUT_CHECKER for role, _ in held)
    twice = _repeats(each.public_key for _, each in held) or _repeats(each.credential_id for _, each in held)
    return checkers_only and not twice


def _repeats(words: Iterable[str]) -> bool:
    listed = list(words)
    return len(set(listed)) != len(listed)


def _can_be_sealed_to(permit: Permit) -> bool:
    """Evidence is sealed to every checker, and the linkage secret to every provider unless they share it."""
    roles = {Role.OUTPUT_CHECKER} | ({Role.PROVIDER} if permit.key_check is None else set())
    return all(party.age_recipient for party in permit.parties if party.role in roles)


def _is_registered(party: Party, registered: Mapping[str, Registered]) -> bool:
    said = (party.role, party.signing_key, party.age_recipient, party.person)
    return registered.get(party.principal_id) == said


def limits_for(permit: Permit) -> Limits:
    """How much the permit's policy lets be asked; raises PermitRefused for a policy that is not shipped."""
    if permit.policy not in POLICIES:
        raise PermitRefused(faults=[{"pointer": "/policy", "code": "not-in-catalogue"}])
    return limits_of(permit.policy)
