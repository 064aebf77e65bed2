"""What lead providers signed, and the envelopes that only their providers can open."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.database import Digest, Record, SlugText
from service.projects.records import Project


class SecretCeremony(Record):
    """The ceremony of one project and epoch: the lead provider's statement."""

    __tablename__ = "linkage_secret"

    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), primary_key=True)
    secret_epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_check: Mapped[str] = mapped_column(sa.String(16))
    statement: Mapped[str] = mapped_column(sa.Text())
    """The compact JWS: workers and providers believe it, never the columns beside it."""
    statement_sha256: Mapped[Digest]
    received_at: Mapped[datetime]


class SecretEnvelope(Record):
    """The secret as it was sealed to one provider: ciphertext."""

    __tablename__ = "linkage_secret_envelope"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "secret_epoch"],
            ["linkage_secret.project_id", "linkage_secret.secret_epoch"],
            name="fk_linkage_secret_envelope_linkage_secret",
        ),
    )

    project_id: Mapped[SlugText] = mapped_column(primary_key=True)
    secret_epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    provider_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary())


def ceremony_of(session: Session, project_id: str, epoch: int) -> SecretCeremony | None:
    """The ceremony of a project and epoch, if it was held."""
    return session.get(SecretCeremony, (project_id, epoch))


def envelope_of(session: Session, project_id: str, epoch: int, provider_id: str) -> bytes | None:
    """The envelope of one provider."""
    found = session.get(SecretEnvelope, (project_id, epoch, provider_id))
    return found.sealed if found else None
