"""Destructions: what a provider signed, and what each worker certified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.permit import Role
from service.audit.records import AuditEntry
from service.database import Digest, Id, Record, SlugText
from service.destructions.rules import PROJECT_SHREDDERS, SHREDDERS, DestructionState, state_of
from service.linkage_runs.records import LinkageRun, LinkageRunSubmission
from service.linkage_runs.rules import RunState
from service.projects.records import Project, ProjectDestruction, projects_of
from service.submissions.records import Submission

A = TypeVar("A", bound="Destruction | ProjectDestruction")


class Destruction(Record):
    """Everything that came of a delivery is to be destroyed, as its provider signed it."""

    __tablename__ = "destruction"

    id: Mapped[Id]
    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), index=True)
    provider_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"))
    submission_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey(Submission.id))
    statement: Mapped[str] = mapped_column(sa.Text())
    """The compact JWS: workers believe it, never the columns beside it."""
    statement_sha256: Mapped[Digest] = mapped_column(unique=True)
    received_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(sa.String(36))


class Share(Record):
    """What one worker did of a destruction, once: a certificate, or the code of what kept it from it."""

    __abstract__ = True
    needed: ClassVar[frozenset[str]]
    """Whose certificates make a destruction whole."""

    destruction_id: Mapped[str]
    role: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    certificate: Mapped[str | None] = mapped_column(sa.Text())
    """The compact JWS of the worker."""
    code: Mapped[str | None] = mapped_column(sa.String(63))
    settled_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(sa.String(36))


class DestructionShare(Share):
    """What one worker did of the destruction of a delivery."""

    __tablename__ = "destruction_share"
    needed = SHREDDERS

    destruction_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey(Destruction.id), primary_key=True
    )


class ProjectShare(Share):
    """What one worker did of the destruction of a project."""

    __tablename__ = "project_destruction_share"
    needed = PROJECT_SHREDDERS

    destruction_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey(ProjectDestruction.id), primary_key=True
    )


Asked = Destruction | ProjectDestruction


def table_of(asked: Asked) -> type[Share]:
    """Where workers report of a destruction."""
    return DestructionShare if isinstance(asked, Destruction) else ProjectShare


def destruction_by_id(session: Session, form: type[A], destruction_id: str) -> A | None:
    """The destruction of that id, whoever asks."""
    return session.get(form, destruction_id)


def latest_of_project(session: Session, project_id: str) -> ProjectDestruction | None:
    """The destruction of a closed project that was asked for last."""
    query = sa.select(ProjectDestruction).where(ProjectDestruction.project_id == project_id)
    newest = (ProjectDestruction.received_at.desc(), ProjectDestruction.id.desc())
    return session.scalars(query.order_by(*newest).limit(1)).first()


def destruction_of_statement(session: Session, statement_sha256: str) -> Destruction | None:
    """The destruction that a statement asked for."""
    query = sa.select(Destruction).where(Destruction.statement_sha256 == statement_sha256)
    return session.scalars(query).first()


def visible_destruction(
    session: Session, destruction_id: str, principal_id: str, role: Role
) -> Destruction | None:
    """The destruction, if the caller may see its project; a provider sees its own alone."""
    query = sa.select(Destruction).where(
        Destruction.id == destruction_id, Destruction.project_id.in_(projects_of(principal_id, role))
    )
    if role is Role.PROVIDER:
        query = query.where(Destruction.provider_id == principal_id)
    return session.scalars(query).first()


def shares_of(session: Session, asked: Asked) -> Sequence[Share]:
    """What the workers reported, by role."""
    table = table_of(asked)
    query = sa.select(table).where(table.destruction_id == asked.id)
    return session.scalars(query.order_by(table.role)).all()


def share_of(session: Session, asked: Asked, role: str) -> Share | None:
    """What one worker reported, if it did."""
    return session.get(table_of(asked), (asked.id, role))


def standing_of(session: Session, asked: Asked) -> DestructionState:
    """Where a destruction stands."""
    shares = shares_of(session, asked)
    certified = [share.role for share in shares if share.certificate is not None]
    failed = any(share.code is not None for share in shares)
    return state_of(certified, failed=failed, needed=table_of(asked).needed)


def unfinished(session: Session, received_by: datetime) -> dict[DestructionState, int]:
    """How many deliveries and projects wait to be destroyed, or to be asked for again."""
    states: dict[str, set[DestructionState]] = {}
    for of_delivery in session.scalars(sa.select(Destruction).where(Destruction.received_at <= received_by)):
        states.setdefault(of_delivery.submission_id, set()).add(standing_of(session, of_delivery))
    query = sa.select(ProjectDestruction).where(ProjectDestruction.received_at <= received_by)
    for of_project in session.scalars(query):
        states.setdefault(of_project.project_id, set()).add(standing_of(session, of_project))
    left = [found for found in states.values() if DestructionState.DESTROYED not in found]
    return {
        DestructionState.RECEIVED: sum(DestructionState.RECEIVED in found for found in left),
        DestructionState.FAILED: sum(found == {DestructionState.FAILED} for found in left),
    }


def entry_of(session: Session, share: Share) -> AuditEntry | None:
    """The audit entry of a certificate."""
    return session.scalars(sa.select(AuditEntry).where(AuditEntry.entry_id == share.entry_id)).first()


def runs_of(session: Session, submission_id: str) -> list[tuple[str, datetime]]:
    """The linkage runs that a delivery was in, each with when it was asked for, in order."""
    query = (
        sa.select(LinkageRun.id, LinkageRun.asked_at)
        .join(LinkageRunSubmission, LinkageRunSubmission.run_id == LinkageRun.id)
        .where(LinkageRunSubmission.submission_id == submission_id)
        .order_by(LinkageRun.asked_at, LinkageRun.id)
    )
    return [(run_id, asked_at) for run_id, asked_at in session.execute(query)]


def destructions_under(session: Session, project_id: str, asked_at: datetime) -> Sequence[Destruction]:
    """The destructions of data that a question asked at a moment may have been answered over.

    A delivery is in all that is asked since it was first linked, until a run that it is not in has finished
    or the analysis worker has certified that it is gone.
    """
    query = sa.select(Destruction).where(Destruction.project_id == project_id).order_by(Destruction.id)
    return [each for each in session.scalars(query) if _was_in(session, each, asked_at)]


def _was_in(session: Session, destruction: Destruction, asked_at: datetime) -> bool:
    runs = [at for _, at in runs_of(session, destruction.submission_id)]
    if not runs or asked_at < runs[0]:
        return False
    replaced_at = session.scalar(
        sa.select(sa.func.min(LinkageRun.settled_at)).where(
            LinkageRun.project_id == destruction.project_id,
            LinkageRun.state == RunState.FINISHED,
            LinkageRun.asked_at > runs[-1],
        )
    )
    share = share_of(session, destruction, "analysis")
    gone_at = share.settled_at if share is not None and share.certificate is not None else None
    return all(asked_at <= moment for moment in (replaced_at, gone_at) if moment is not None)
