"""Enrolment links, and what each person signs in with."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.access.records import Way
from service.database import Digest, ReadSession, Record, SlugText


class Enrolment(Record):
    """The last link that the operator made for a person."""

    __tablename__ = "enrolment"

    principal_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"), primary_key=True)
    link_sha256: Mapped[Digest] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used: Mapped[bool]


class SignInMethod(Record):
    """What a person signs in with: one thing, which the next enrolment replaces."""

    __tablename__ = "sign_in_method"

    principal_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"), primary_key=True)
    way: Mapped[Way]
    identifier: Mapped[str] = mapped_column(sa.String(1024), unique=True)
    """A passkey's id; the digest of the link that an authenticator's secret comes from; a provider's name
    for the person."""
    public_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary())
    """A passkey's, as COSE (RFC 9052)."""
    counter: Mapped[int] = mapped_column(sa.BigInteger())
    """How often a passkey says that it was used; the last step whose code was."""
    enrolled_at: Mapped[datetime]


class WrongCodes(Record):
    """How many wrong codes were tried for a person one after another."""

    __tablename__ = "wrong_codes"
    __unaudited__ = True
    # The log has refusals by source and minute.

    principal_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"), primary_key=True)
    count: Mapped[int]


def enrolment_by_link(session: Session | ReadSession, link_sha256: str) -> Enrolment | None:
    """The enrolment of that link, used or not."""
    return session.scalars(sa.select(Enrolment).where(Enrolment.link_sha256 == link_sha256)).one_or_none()


def method_of(session: Session | ReadSession, principal_id: str) -> SignInMethod | None:
    """What a person signs in with."""
    return session.get(SignInMethod, principal_id)


def method_by_identifier(session: Session, way: Way, identifier: str) -> SignInMethod | None:
    """Whose passkey, authenticator or name at a provider it is."""
    same = sa.and_(SignInMethod.way == way, SignInMethod.identifier == identifier)
    return session.scalars(sa.select(SignInMethod).where(same)).one_or_none()


def wrong_codes(session: Session, principal_id: str) -> WrongCodes:
    """The count of a person's wrong codes, begun where there is none."""
    found = session.get(WrongCodes, principal_id)
    if found is None:
        found = WrongCodes(principal_id=principal_id, count=0)
        session.add(found)
    return found
