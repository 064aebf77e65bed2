"""Deliveries and their parts: digests, counts and states; never what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.manifest import Zone
from linkage_engine.contract.permit import Role
from service.database import Digest, Id, Record, SlugText
from service.projects.records import Project, ProjectDestruction, projects_of
from service.submissions.rules import PartState, SubmissionState


class Submission(Record):
    """Sealed bytes from one provider and what became of them."""

    __tablename__ = "submission"
    __table_args__ = (sa.UniqueConstraint("project_id", "provider_id", "counter"),)

    id: Mapped[Id]
    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id))
    provider_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"))
    counter: Mapped[int]
    delivery_id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    sealed_sha256: Mapped[Digest] = mapped_column(unique=True)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger())
    manifest: Mapped[str] = mapped_column(sa.Text())
    """The compact JWS."""
    extract_date: Mapped[date]
    state: Mapped[SubmissionState]
    received_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(sa.String(36))
    """The audit entry of its receipt."""
    replaces_id: Mapped[str | None] = mapped_column(sa.String(36))
    """The provider's delivery that stood when this one came, or that it took the place of."""
    left_out: Mapped[list[dict[str, Any]] | None] = mapped_column(sa.JSON(none_as_null=True))
    """How many persons and rows the provider left out, by reason, as its manifest says."""
    withdrawn_at: Mapped[datetime | None]
    """Since when it is in no later run, whatever its state: all that came of it is destroyed."""


class SubmissionPart(Record):
    """One sealed part of a delivery and what its worker found."""

    __tablename__ = "submission_part"

    submission_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey(Submission.id), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    position: Mapped[int]
    zone: Mapped[Zone]
    sealed_sha256: Mapped[Digest]
    sealed_bytes: Mapped[int] = mapped_column(sa.BigInteger())
    rows: Mapped[int]
    state: Mapped[PartState]
    code: Mapped[str | None] = mapped_column(sa.String(63))
    counts: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Whole numbers that the refusal gave."""
    report: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """The validation report: classes, counts and row numbers."""
    settled_at: Mapped[datetime | None]


def submission_by_id(session: Session, submission_id: str) -> Submission | None:
    """The delivery of that id, whoever asks; on PostgreSQL the row is locked."""
    return session.get(Submission, submission_id, with_for_update=True)


def submission_to_read(session: Session, submission_id: str) -> Submission | None:
    """The delivery of that id, whoever asks, for who changes nothing in it."""
    return session.get(Submission, submission_id)


def visible_submission(
    session: Session, submission_id: str, principal_id: str, role: Role
) -> Submission | None:
    """The delivery, if it is the caller's own or the caller serves every project."""
    query = sa.select(Submission).where(
        Submission.id == submission_id, Submission.project_id.in_(projects_of(principal_id, role))
    )
    if role is Role.PROVIDER:
        query = query.where(Submission.provider_id == principal_id)
    return session.scalars(query).first()


def submission_of_bytes(session: Session, sealed_sha256: str) -> Submission | None:
    """The delivery of those very bytes."""
    return session.scalars(sa.select(Submission).where(Submission.sealed_sha256 == sealed_sha256)).first()


def withdrawn_digests(session: Session) -> Sequence[str]:
    """The digests of the sealed bytes of every delivery that was withdrawn, or whose project is closed."""
    closed = Submission.project_id.in_(sa.select(ProjectDestruction.project_id))
    gone = sa.or_(Submission.withdrawn_at.is_not(None), closed)
    return session.scalars(sa.select(Submission.sealed_sha256).where(gone)).all()


def deliveries_like(
    session: Session, project_id: str, named: tuple[str, str] | None = None
) -> Sequence[Submission]:
    """The deliveries of a project: all, or the one that its provider and its own id name."""
    query = sa.select(Submission).where(Submission.project_id == project_id)
    if named is not None:
        query = query.where(Submission.provider_id == named[0], Submission.delivery_id == named[1])
    return session.scalars(query).all()


def last_counter(session: Session, project_id: str, provider_id: str) -> int:
    """The highest counter received of a provider for a project, or nought."""
    query = sa.select(sa.func.max(Submission.counter)).where(
        Submission.project_id == project_id, Submission.provider_id == provider_id
    )
    return session.scalar(query) or 0


def parts_of(session: Session, submission_id: str) -> Sequence[SubmissionPart]:
    """The parts of a delivery in the manifest's order."""
    query = (
        sa.select(SubmissionPart)
        .where(SubmissionPart.submission_id == submission_id)
        .order_by(SubmissionPart.position)
    )
    return session.scalars(query).all()


def accepted_submissions(session: Session, project_id: str) -> Sequence[Submission]:
    """The accepted delivery of each provider of a project, by provider."""
    query = (
        sa.select(Submission)
        .where(
            Submission.project_id == project_id,
            Submission.state == SubmissionState.ACCEPTED,
            Submission.withdrawn_at.is_(None),
        )
        .order_by(Submission.provider_id)
    )
    return session.scalars(query).all()


def accepted_of_provider(session: Session, project_id: str, provider_id: str) -> Sequence[Submission]:
    """The accepted deliveries of one provider for a project."""
    return [s for s in accepted_submissions(session, project_id) if s.provider_id == provider_id]
