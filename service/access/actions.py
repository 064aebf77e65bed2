"""Registering principals, revoking them, and signing them in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from linkage_engine.contract.permit import Party
from service.access.records import (
    Principal,
    RegisteredClientKey,
    UsedAssertion,
    assertion_used,
    client_key_by_thumbprint,
    client_keys_of,
    end_sessions_of,
    forget_assertions,
    principal_by_id,
    principal_like,
)
from service.access.tokens import Issuer, assertion_claims, claimed_subject
from service.act import Act
from service.audit.entry import Entry
from service.audit.vocabulary import Action
from service.clock import Clock
from service.problems.projects import AlreadyRegistered
from service.problems.requests import NotFound
from service.problems.signing_in import AssertionRefused
from service.public_keys import ClientKey
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
    act.enter(
        Action.PRINCIPAL_REGISTER,
        party.principal_id,
        role=party.role.value,
        key_id=named(principal.thumbprint),
    )
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
        end_sessions_of(act.session, principal.id)
        act.enter(
            Action.KEY_REVOKE, principal.id, role=principal.role.value, key_id=named(principal.thumbprint)
        )
    return principal


def register_client_key(act: Act, principal_id: str, key: ClientKey) -> None:
    """Let a principal's program sign in with a further key; raises NotFound or AlreadyRegistered."""
    principal = principal_by_id(act.session, principal_id)
    if principal is None or not principal.active:
        raise NotFound
    if principal_like(act.session, "", key.thumbprint) is not None:
        raise AlreadyRegistered
    act.session.add(
        RegisteredClientKey(
            thumbprint=key.thumbprint,
            principal_id=principal.id,
            jwk=key.canonical,
            active=True,
            registered_at=act.clock(),
        )
    )
    act.enter(
        Action.KEY_REGISTER,
        principal.id,
        role=principal.role.value,
        key_id=named(key.thumbprint),
        kind=key.algorithm,
    )


def revoke_client_key(act: Act, thumbprint: str) -> None:
    """Revoke a further key: no token that was got with it serves any more. Again, it changes nothing.

    Raises NotFound.
    """
    key = client_key_by_thumbprint(act.session, thumbprint)
    if key is None:
        raise NotFound
    if key.active:
        key.active = False
        act.enter(Action.KEY_REVOKE, key.principal_id, key_id=named(key.thumbprint))


def revoke_again(act: Act, revoked: Iterable[Entry]) -> int:
    """Revoke what entries of before say was revoked, where it is live; how many keys that were.

    An older database that came back does not know what was revoked since it was copied.
    """
    live = 0
    for entry in revoked:
        principal = principal_by_id(act.session, entry.subject)
        key_id = str(entry.detail["key_id"])
        further = client_key_by_thumbprint(act.session, key_id.removeprefix(named("")))
        if principal is not None and principal.active and named(principal.thumbprint) == key_id:
            revoke_principal(act, principal.id)
            live += 1
        elif further is not None and further.active:
            revoke_client_key(act, further.thumbprint)
            live += 1
    return live


def sign_in(session: Session, assertion: str, *, audience: str, clock: Clock) -> tuple[Principal, ClientKey]:
    """The principal that signed a client assertion, each of which is accepted once, and the key it used.

    Raises AssertionRefused, and never says why.
    """
    now = clock()
    principal = principal_by_id(session, claimed_subject(assertion))
    if principal is None or not principal.active:
        raise AssertionRefused
    claims, key = assertion_claims(assertion, client_keys_of(session, principal), audience=audience, now=now)
    if claims.sub != principal.id or assertion_used(session, principal.id, claims.jti):
        raise AssertionRefused
    forget_assertions(session, now)
    expires_at = datetime.fromtimestamp(claims.exp, UTC)
    session.add(UsedAssertion(principal_id=principal.id, jti=claims.jti, expires_at=expires_at))
    return principal, key


def issue_token(
    act: Act, principal: Principal, issuer: Issuer, *, used: ClientKey, bound_to: str | None
) -> str:
    """An access token for a principal that has just signed in, bound to the key it proved, if any."""
    act.enter(
        Action.TOKEN_ISSUE,
        principal.id,
        role=principal.role.value,
        key_id=named(used.thumbprint),
        kind="bearer" if bound_to is None else "bound",
    )
    return issuer.issue(
        principal.id,
        principal.role,
        clock=act.clock,
        random=act.random,
        bound_to=bound_to,
        got_with=used.thumbprint if used.thumbprint != principal.thumbprint else None,
    )


def named(thumbprint: str) -> str:
    """A key's name as the log writes it: a thumbprint may begin with a hyphen, a name there does not."""
    return f"jkt:{thumbprint}"
