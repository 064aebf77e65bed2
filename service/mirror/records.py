"""Vetoes, and what was made of a provider's data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.database import Digest, Record, SlugText
from service.linkage_runs.records import LinkageRun, LinkageRunSubmission
from service.projects.records import Project, ProjectParty
from service.releases.records import Release
from service.submissions.records import Submission

LISTED = 200


class ReleaseVeto(Record):
    """A provider's signed veto of a release that its data are in."""

    __tablename__ = "release_veto"

    release_id: Mapped[str] = mapped_column(sa.ForeignKey(Release.id), primary_key=True)
    provider_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"), primary_key=True)
    veto: Mapped[str] = mapped_column(sa.Text())
    """The compact JWS: the gate believes it, never the columns beside it."""
    veto_sha256: Mapped[Digest]
    reason: Mapped[str] = mapped_column(sa.String(500))
    vetoed_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(sa.String(36))


class PolicyTightening(Record):
    """A provider's signed word that a project is to tell less."""

    __tablename__ = "policy_tightening"

    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), primary_key=True)
    tightening_sha256: Mapped[Digest] = mapped_column(primary_key=True)
    provider_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"))
    policy: Mapped[SlugText]
    least_persons: Mapped[int | None]
    tightening: Mapped[str] = mapped_column(sa.Text())
    """The compact JWS: workers believe it, never the columns beside it."""
    tightened_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(sa.String(36))


def tightening_of(session: Session, project_id: str, sha256: str) -> PolicyTightening | None:
    """The tightening of a project with that text, if it was received."""
    return session.get(PolicyTightening, (project_id, sha256))


def tightenings_of(session: Session, project_id: str) -> Sequence[PolicyTightening]:
    """Every tightening of a project, in the order they came."""
    query = sa.select(PolicyTightening).where(PolicyTightening.project_id == project_id)
    return session.scalars(query.order_by(PolicyTightening.tightened_at, PolicyTightening.entry_id)).all()


def runs_with(session: Session, project_id: str, provider_id: str) -> Sequence[LinkageRun]:
    """The newest linkage runs of a project that a delivery of the provider was in."""
    query = (
        sa.select(LinkageRun)
        .join(LinkageRunSubmission, LinkageRunSubmission.run_id == LinkageRun.id)
        .join(Submission, Submission.id == LinkageRunSubmission.submission_id)
        .where(LinkageRun.project_id == project_id, Submission.provider_id == provider_id)
        .order_by(LinkageRun.asked_at.desc(), LinkageRun.id.desc())
    )
    return session.scalars(query.limit(LISTED)).all()


def releases_with(session: Session, project_id: str, provider_id: str) -> Sequence[Release]:
    """The newest releases of a project since a delivery of the provider was first linked in it.

    Whoever is linked is in what is made of the project, whichever data sets a question reads.
    """
    first = (
        sa.select(sa.func.min(LinkageRun.asked_at))
        .join(LinkageRunSubmission, LinkageRunSubmission.run_id == LinkageRun.id)
        .join(Submission, Submission.id == LinkageRunSubmission.submission_id)
        .where(LinkageRun.project_id == project_id, Submission.provider_id == provider_id)
        .scalar_subquery()
    )
    query = (
        sa.select(Release)
        .where(Release.project_id == project_id, Release.opened_at >= first)
        .order_by(Release.opened_at.desc(), Release.id.desc())
    )
    return session.scalars(query.limit(LISTED)).all()


def release_for(session: Session, release_id: str, provider_id: str) -> Release | None:
    """The release, if the permit of its project names the provider."""
    query = (
        sa.select(Release)
        .join(ProjectParty, ProjectParty.project_id == Release.project_id)
        .where(Release.id == release_id, ProjectParty.principal_id == provider_id)
    )
    return session.scalars(query).first()


def veto_of(session: Session, release_id: str, provider_id: str) -> ReleaseVeto | None:
    """The provider's veto of a release, if it made one."""
    return session.get(ReleaseVeto, (release_id, provider_id))


def vetoes_on(session: Session, release_id: str) -> Sequence[ReleaseVeto]:
    """Every veto of a release."""
    query = sa.select(ReleaseVeto).where(ReleaseVeto.release_id == release_id)
    return session.scalars(query.order_by(ReleaseVeto.provider_id)).all()
