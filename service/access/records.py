"""Principals, and the client assertions that were used."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.permit import PublicKey, Role
from service.database import ReadSession, Record, SlugText


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


class UsedAssertion(Record):
    """A client assertion that was accepted; kept until it would be refused for its age."""

    __tablename__ = "used_assertion"
    __unaudited__ = True

    principal_id: Mapped[SlugText] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(sa.String(128), primary_key=True)
    expires_at: Mapped[datetime]


def principal_by_id(session: Session | ReadSession, principal_id: str) -> Principal | None:
    """The principal of that id, active or not."""
    return session.get(Principal, principal_id)


def principal_like(session: Session, principal_id: str, thumbprint: str) -> Principal | None:
    """A principal of that id or that key."""
    same = sa.or_(Principal.id == principal_id, Principal.thumbprint == thumbprint)
    return session.scalars(sa.select(Principal).where(same).limit(1)).first()


def assertion_used(session: Session, principal_id: str, jti: str) -> bool:
    """Whether the principal's assertion of that name was accepted before."""
    return session.get(UsedAssertion, (principal_id, jti)) is not None


def forget_assertions(session: Session, before: datetime) -> None:
    """Drop the assertions that expired before a moment."""
    session.execute(sa.delete(UsedAssertion).where(UsedAssertion.expires_at < before))
