"""Destructions: what a provider signed, and what each worker certified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.permit import Role
from service.audit.records import AuditEntry
from service.database import Digest, Id, Record, SlugText
from service.destructions.rules import DestructionState, state_of
from service.linkage_runs.records import LinkageRun, LinkageRunSubmission
from service.linkage_runs.rules import RunState
from service.projects.records import Project, projects_of
from service.submissions.records import Submission


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


class DestructionShare(Record):
    """What one worker did of a destruction, once: a certificate, or the code of what kept it from it."""

    __tablename__ = "destruction_share"

    destruction_id: Mapped[str] = mapped_column(
        sa.String(36), sa.ForeignKey(Destruction.id), primary_key=True
    )
    role: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    certificate: Mapped[str | None] = mapped_column(sa.Text())
    """The compact JWS of the worker."""
    code: Mapped[str | None] = mapped_column(sa.String(63))
    settled_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(sa.String(36))


def destruction_by_id(session: Session, destruction_id: str) -> Destruction | None:
    """The destruction of that id, whoever asks."""
    return session.get(Destruction, destruction_id)


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


def shares_of(session: Session, destruction_id: str) -> Sequence[DestructionShare]:
    """What the workers reported, by role."""
    query = sa.select(DestructionShare).where(DestructionShare.destruction_id == destruction_id)
    return session.scalars(query.order_by(DestructionShare.role)).all()


def share_of(session: Session, destruction_id: str, role: str) -> DestructionShare | None:
    """What one worker reported, if it did."""
    return session.get(DestructionShare, (destruction_id, role))


def standing_of(session: Session, destruction_id: str) -> DestructionState:
    """Where a destruction stands."""
    shares = shares_of(session, destruction_id)
    certified = [share.role for share in shares if share.certificate is not None]
    return state_of(certified, failed=any(share.code is not None for share in shares))


def unfinished(session: Session, received_by: datetime) -> dict[DestructionState, int]:
    """How many withdrawn deliveries wait, or wait for being withdrawn again, of those received by then."""
    states: dict[str, set[DestructionState]] = {}
    query = sa.select(Destruction).where(Destruction.received_at <= received_by)
    for each in session.scalars(query):
        states.setdefault(each.submission_id, set()).add(standing_of(session, each.id))
    left = [found for found in states.values() if DestructionState.DESTROYED not in found]
    return {
        DestructionState.RECEIVED: sum(DestructionState.RECEIVED in found for found in left),
        DestructionState.FAILED: sum(found == {DestructionState.FAILED} for found in left),
    }


def entry_of(session: Session, share: DestructionShare) -> AuditEntry | None:
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
    share = share_of(session, destruction.id, "analysis")
    gone_at = share.settled_at if share is not None and share.certificate is not None else None
    return all(asked_at <= moment for moment in (replaced_at, gone_at) if moment is not None)
