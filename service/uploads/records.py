"""Uploads that were begun: whose, how long, and how far they are on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.database import Id, Record, SlugText
from service.projects.records import Project


class Upload(Record):
    """Bytes of a provider that belong to nothing yet."""

    __tablename__ = "upload"
    # How far an upload has come is noted many times within one act; each act enters itself.
    __unaudited__ = True

    id: Mapped[Id]
    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id))
    provider_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"))
    length_bytes: Mapped[int] = mapped_column(sa.BigInteger())
    offset_bytes: Mapped[int] = mapped_column(sa.BigInteger())
    """Up to here the bytes are on the disk, whatever happens."""
    described: Mapped[str] = mapped_column(sa.Text())
    """The client's Upload-Metadata: told to it again, and used for nothing."""
    expires_at: Mapped[datetime]
    submission_id: Mapped[str | None] = mapped_column(sa.String(36), sa.ForeignKey("submission.id"))
    """The delivery that it became."""


def own_upload(session: Session, upload_id: str, provider_id: str, now: datetime) -> Upload | None:
    """The upload, if it is the caller's own and has not expired."""
    query = sa.select(Upload).where(
        Upload.id == upload_id, Upload.provider_id == provider_id, Upload.expires_at > now
    )
    return session.scalars(query).first()


def unfinished_lengths(session: Session, provider_id: str, now: datetime) -> Sequence[int]:
    """How long each upload is that a provider began and has not finished."""
    query = sa.select(Upload.length_bytes).where(
        Upload.provider_id == provider_id, Upload.submission_id.is_(None), Upload.expires_at > now
    )
    return session.scalars(query).all()


def expired_uploads(session: Session, now: datetime) -> Sequence[Upload]:
    """Every upload whose time is over, the finished ones too."""
    return session.scalars(sa.select(Upload).where(Upload.expires_at <= now).order_by(Upload.id)).all()


def upload_by_id(session: Session, upload_id: str) -> Upload | None:
    """The upload of that id, whoever asks."""
    return session.get(Upload, upload_id)


def note_offset(session: Session, upload_id: str, offset: int, expires_at: datetime) -> None:
    """Write down how far an upload is on the disk."""
    upload = session.get_one(Upload, upload_id)
    upload.offset_bytes, upload.expires_at = offset, expires_at


def drop(session: Session, upload_id: str) -> None:
    """Forget an upload whose bytes were refused; the refusal is what is entered."""
    session.execute(sa.delete(Upload).where(Upload.id == upload_id))


def upload_ids(session: Session) -> Sequence[str]:
    """Every upload there is."""
    return session.scalars(sa.select(Upload.id)).all()
