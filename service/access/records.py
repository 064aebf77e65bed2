"""Principals, their client keys, the assertions that were used, and who is signed in by browser."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.permit import PublicKey, Role
from service.database import Digest, ReadSession, Record, SlugText
from service.public_keys import ClientKey, client_key


class Principal(Record):
    """A person or a program that may sign in: its role and its public keys."""

    __tablename__ = "principal"

    id: Mapped[SlugText] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(500))
    role: Mapped[Role]
    signing_key_x: Mapped[str] = mapped_column(sa.String(64))
    thumbprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    age_recipient: Mapped[str | None] = mapped_column(sa.Text())
    person_id: Mapped[SlugText | None]
    """Who acts under this name, where that was said when it was registered."""
    active: Mapped[bool]
    registered_at: Mapped[datetime]

    @property
    def signing_key(self) -> PublicKey:
        """The registered public key."""
        return PublicKey(x=self.signing_key_x)

    @property
    def person(self) -> str:
        """Who acts: a principal of whom no more is said is a person of its own."""
        return self.person_id or self.id


class RegisteredClientKey(Record):
    """A further key that a principal's program may sign in with; it signs nothing else."""

    __tablename__ = "client_key"

    thumbprint: Mapped[Digest] = mapped_column(primary_key=True)
    principal_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"), index=True)
    jwk: Mapped[str] = mapped_column(sa.Text())
    active: Mapped[bool]
    registered_at: Mapped[datetime]


class Way(StrEnum):
    """How a person signs in by browser."""

    PASSKEY = "passkey"
    AUTHENTICATOR = "authenticator"
    PROVIDER = "provider"


class BrowserSession(Record):
    """A person who is signed in by browser: the digest of what its cookie says."""

    __tablename__ = "browser_session"
    __unaudited__ = True
    # Signing in and out are entered; when somebody was last seen is not an act.

    secret_sha256: Mapped[Digest] = mapped_column(primary_key=True)
    principal_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"), index=True)
    way: Mapped[Way]
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class UsedAssertion(Record):
    """A client assertion that was accepted; kept until it would be refused for its age."""

    __tablename__ = "used_assertion"
    __unaudited__ = True

    principal_id: Mapped[SlugText] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(sa.String(128), primary_key=True)
    expires_at: Mapped[datetime]


class SignedIn(NamedTuple):
    """Who asks: a principal that is active now."""

    id: str
    name: str
    role: Role


# Made once, of columns and not of objects: every request asks, and has no other use for the rest.
_principals, _keys = (Record.metadata.tables[each.__tablename__] for each in (Principal, RegisteredClientKey))
_ACTIVE = sa.select(_principals.c.id, _principals.c.name, _principals.c.role).where(
    _principals.c.id == sa.bindparam("principal_id"), _principals.c.active
)
_ACTIVE_WITH_KEY = _ACTIVE.join(_keys, _keys.c.principal_id == _principals.c.id).where(
    _keys.c.thumbprint == sa.bindparam("thumbprint"), _keys.c.active
)


def active_principal(
    session: Session | ReadSession, principal_id: str, further_key: str | None
) -> SignedIn | None:
    """The principal of that id, if it is active, and so is the further key of its own that is named."""
    named = {"principal_id": principal_id}
    if further_key is None:
        found = session.execute(_ACTIVE, named).first()
    else:
        found = session.execute(_ACTIVE_WITH_KEY, named | {"thumbprint": further_key}).first()
    return SignedIn(*found) if found is not None else None


def principal_by_id(session: Session | ReadSession, principal_id: str) -> Principal | None:
    """The principal of that id, active or not."""
    return session.get(Principal, principal_id)


def principal_like(session: Session, principal_id: str, thumbprint: str) -> Principal | None:
    """A principal of that id or that key."""
    same = sa.or_(Principal.id == principal_id, Principal.thumbprint == thumbprint)
    found = session.scalars(sa.select(Principal).where(same).limit(1)).first()
    other = session.get(RegisteredClientKey, thumbprint)
    return found or (session.get(Principal, other.principal_id) if other is not None else None)


def client_key_by_thumbprint(session: Session | ReadSession, thumbprint: str) -> RegisteredClientKey | None:
    """The further key of that name, live or not."""
    return session.get(RegisteredClientKey, thumbprint)


def client_keys_of(session: Session, principal: Principal) -> list[ClientKey]:
    """The keys that a principal may sign in with now: the one that signs its texts, and further ones."""
    of_principal = sa.select(RegisteredClientKey).where(
        RegisteredClientKey.principal_id == principal.id, RegisteredClientKey.active
    )
    further = [client_key(json.loads(row.jwk)) for row in session.scalars(of_principal)]
    return [client_key(principal.signing_key.model_dump()), *further]


def browser_session(session: Session | ReadSession, secret_sha256: str) -> BrowserSession | None:
    """Who is signed in with the cookie of that digest."""
    return session.get(BrowserSession, secret_sha256)


def forget_sessions(session: Session, before: datetime) -> None:
    """Drop the sessions that began before a moment."""
    session.execute(sa.delete(BrowserSession).where(BrowserSession.began_at < before))


def end_sessions_of(session: Session, principal_id: str) -> None:
    """Sign a person out everywhere."""
    session.execute(sa.delete(BrowserSession).where(BrowserSession.principal_id == principal_id))


def assertion_used(session: Session, principal_id: str, jti: str) -> bool:
    """Whether the principal's assertion of that name was accepted before."""
    return session.get(UsedAssertion, (principal_id, jti)) is not None


def forget_assertions(session: Session, before: datetime) -> None:
    """Drop the assertions that expired before a moment."""
    session.execute(sa.delete(UsedAssertion).where(UsedAssertion.expires_at < before))
