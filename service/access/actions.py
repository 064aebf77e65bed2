"""Registering principals, revoking them, and signing them in."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from linkage_engine.contract.permit import Party
from service.access.records import (
    Principal,
    UsedAssertion,
    assertion_used,
    forget_assertions,
    principal_by_id,
    principal_like,
)
from service.access.tokens import Issuer, assertion_claims, claimed_subject
from service.act import Act
from service.audit.vocabulary import Action
from service.clock import Clock
from service.problems.projects import AlreadyRegistered
from service.problems.requests import NotFound
from service.problems.signing_in import AssertionRefused
from service.signed import thumbprint


def register_principal(act: Act, party: Party) -> Principal:
    """Register a principal and its public keys; raises AlreadyRegistered for a known id or key."""
    key = thumbprint(party.signing_key)
    if principal_like(act.session, party.principal_id, key) is not None:
        raise AlreadyRegistered
    principal = Principal(
        id=party.principal_id,
        name=party.name,
        role=party.role,
        signing_key_x=party.signing_key.x,
        thumbprint=key,
        age_recipient=party.age_recipient,
        person_id=party.person_id,
        active=True,
        registered_at=act.clock(),
    )
    act.session.add(principal)
    act.enter(Action.PRINCIPAL_REGISTER, party.principal_id, role=party.role.value, key_id=_key_id(principal))
    return principal


def revoke_principal(act: Act, principal_id: str) -> Principal:
    """Revoke a principal: its next request is refused, whatever token it holds.

    Doing it again changes nothing. Raises NotFound.
    """
    principal = principal_by_id(act.session, principal_id)
    if principal is None:
        raise NotFound
    if principal.active:
        principal.active = False
        act.enter(Action.KEY_REVOKE, principal.id, role=principal.role.value, key_id=_key_id(principal))
    return principal


def sign_in(session: Session, assertion: str, *, audience: str, clock: Clock) -> Principal:
    """The principal that signed a client assertion, each of which is accepted once.

    Raises AssertionRefused, and never says why.
    """
    now = clock()
    principal = principal_by_id(session, claimed_subject(assertion))
    if principal is None or not principal.active:
        raise AssertionRefused
    claims = assertion_claims(assertion, principal.signing_key, audience=audience, now=now)
    if claims.sub != principal.id or assertion_used(session, principal.id, claims.jti):
        raise AssertionRefused
    forget_assertions(session, now)
    expires_at = datetime.fromtimestamp(claims.exp, UTC)
    session.add(UsedAssertion(principal_id=principal.id, jti=claims.jti, expires_at=expires_at))
    return principal


def issue_token(act: Act, principal: Principal, issuer: Issuer, *, bound_to: str | None) -> str:
    """An access token for a principal that has just signed in, bound to the key it proved, if any."""
    act.enter(
        Action.TOKEN_ISSUE,
        principal.id,
        role=principal.role.value,
        key_id=_key_id(principal),
        kind="bearer" if bound_to is None else "bound",
    )
    return issuer.issue(principal.id, principal.role, clock=act.clock, random=act.random, bound_to=bound_to)


def _key_id(principal: Principal) -> str:
    # A thumbprint may begin with a hyphen; a name in the log does not.
    return f"jkt:{principal.thumbprint}"
