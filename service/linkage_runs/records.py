"""Linkage runs: who asked, over which deliveries, and figures of the result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.permit import Role
from service.database import Digest, Id, Record, SlugText
from service.linkage_runs.rules import RunState
from service.projects.records import Project, projects_of
from service.submissions.records import Submission


class LinkageRun(Record):
    """One execution of training, prediction and clustering over the accepted deliveries."""

    __tablename__ = "linkage_run"

    id: Mapped[Id]
    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), index=True)
    asked_by: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"))
    asked_at: Mapped[datetime]
    in_full: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """Everything is linked anew, not only what was delivered since."""
    state: Mapped[RunState]
    figures: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Controlled figures and settings of the linkage."""
    hand_over_sha256: Mapped[Digest | None]
    """The sealed crosswalk."""
    records: Mapped[int | None]
    """How many rows of the crosswalk the analysis worker received."""
    code: Mapped[str | None] = mapped_column(sa.String(63))
    settled_at: Mapped[datetime | None]


class LinkageRunSubmission(Record):
    """A delivery that a run links."""

    __tablename__ = "linkage_run_submission"

    run_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey(LinkageRun.id), primary_key=True)
    submission_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey(Submission.id), primary_key=True)


def run_ids(session: Session, project_id: str) -> Sequence[str]:
    """Every run of a project."""
    return session.scalars(sa.select(LinkageRun.id).where(LinkageRun.project_id == project_id)).all()


def run_by_id(session: Session, run_id: str) -> LinkageRun | None:
    """The run of that id, whoever asks; on PostgreSQL the row is locked."""
    return session.get(LinkageRun, run_id, with_for_update=True)


def visible_run(session: Session, run_id: str, principal_id: str, role: Role) -> LinkageRun | None:
    """The run, if the caller may see its project."""
    query = sa.select(LinkageRun).where(
        LinkageRun.id == run_id, LinkageRun.project_id.in_(projects_of(principal_id, role))
    )
    return session.scalars(query).first()


def submissions_of_run(session: Session, run_id: str) -> Sequence[Submission]:
    """The deliveries of a run, by provider."""
    query = (
        sa.select(Submission)
        .join(LinkageRunSubmission)
        .where(LinkageRunSubmission.run_id == run_id)
        .order_by(Submission.provider_id)
    )
    return session.scalars(query).all()


def latest_finished_run(session: Session, project_id: str) -> LinkageRun | None:
    """The finished run of a project that was asked for last: queries are answered over it."""
    query = (
        sa.select(LinkageRun)
        .where(LinkageRun.project_id == project_id, LinkageRun.state == RunState.FINISHED)
        .order_by(LinkageRun.asked_at.desc(), LinkageRun.id.desc())
        .limit(1)
    )
    return session.scalars(query).first()
