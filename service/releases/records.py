"""Releases and the decisions on them; the second person is a law of the database too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.permit import Role
from linkage_engine.contract.statements import Verdict
from service.audit.records import AuditEntry
from service.database import Digest, Id, Record, SlugText
from service.projects.records import Project, projects_of
from service.queries.records import Query
from service.releases.one_person import keep_one_person
from service.releases.rules import ReleaseState
from service.releases.second_person import keep_second_person

LISTED = 200


class Release(Record):
    """A controlled table on its way out; bears the id of its query."""

    __tablename__ = "release"
    __table_args__ = (sa.UniqueConstraint("id", "author_id", name="uq_release_id_author_id"),)

    id: Mapped[Id] = mapped_column(sa.ForeignKey(Query.id))
    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), index=True)
    author_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"))
    """Who asked the question."""
    evidence_sha256: Mapped[Digest]
    table_sha256: Mapped[Digest]
    record: Mapped[dict[str, Any]]
    """What disclosure control did; no number from before it."""
    state: Mapped[ReleaseState]
    opened_at: Mapped[datetime]
    statement: Mapped[str | None] = mapped_column(sa.Text())
    """The compact JWS of the gate."""
    entry_id: Mapped[str | None] = mapped_column(sa.String(36))
    """The audit entry of the signing."""
    code: Mapped[str | None] = mapped_column(sa.String(63))
    """Why the gate did not sign."""
    settled_at: Mapped[datetime | None]


class ReleaseDecision(Record):
    """One output checker's signed decision on one release, once, and never the author's."""

    __tablename__ = "release_decision"
    __table_args__ = (
        # The author is copied in and held to be the release's own, so that the check below
        # cannot be got round: no program of ours has to be right for it to hold.
        sa.ForeignKeyConstraint(
            ["release_id", "author_id"],
            ["release.id", "release.author_id"],
            name="fk_release_decision_release",
        ),
        sa.CheckConstraint("checker_id <> author_id", name="second_person"),
    )

    release_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    checker_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"), primary_key=True)
    author_id: Mapped[SlugText]
    verdict: Mapped[Verdict]
    reason: Mapped[str] = mapped_column(sa.String(500))
    decision: Mapped[str] = mapped_column(sa.Text())
    """The compact JWS."""
    decision_sha256: Mapped[Digest]
    decided_at: Mapped[datetime]


keep_second_person(Record.metadata.tables[ReleaseDecision.__tablename__])
keep_one_person(Record.metadata.tables[ReleaseDecision.__tablename__])


def release_by_id(session: Session, release_id: str) -> Release | None:
    """The release of that id, whoever asks; on PostgreSQL the row is locked."""
    return session.get(Release, release_id, with_for_update=True)


def _visible(principal_id: str, role: Role) -> sa.Select[Release]:
    query = sa.select(Release).where(Release.project_id.in_(projects_of(principal_id, role)))
    return query.where(Release.author_id == principal_id) if role is Role.RESEARCHER else query


def visible_release(session: Session, release_id: str, principal_id: str, role: Role) -> Release | None:
    """The release, if the caller asked for it, checks the project's outputs or reviews the service."""
    return session.scalars(_visible(principal_id, role).where(Release.id == release_id)).first()


def visible_releases(session: Session, principal_id: str, role: Role) -> Sequence[Release]:
    """The newest releases that the caller may see, first those that await a decision of the caller."""
    awaits_caller = sa.and_(
        Release.state == ReleaseState.AWAITING,
        Release.id.not_in(
            sa.select(ReleaseDecision.release_id).where(ReleaseDecision.checker_id == principal_id)
        ),
    )
    query = _visible(principal_id, role).order_by(
        sa.case((awaits_caller, 0), else_=1), Release.opened_at.desc(), Release.id.desc()
    )
    return session.scalars(query.limit(LISTED)).all()


def decisions_on(session: Session, release_id: str) -> Sequence[ReleaseDecision]:
    """The decisions on a release in the order they came."""
    query = (
        sa.select(ReleaseDecision)
        .where(ReleaseDecision.release_id == release_id)
        .order_by(ReleaseDecision.decided_at, ReleaseDecision.checker_id)
    )
    return session.scalars(query).all()


def signed_releases(session: Session) -> Sequence[Release]:
    """Every signed release, oldest first."""
    query = sa.select(Release).where(Release.state == ReleaseState.SIGNED).order_by(Release.id)
    return session.scalars(query).all()


def entry_of_signing(session: Session, release: Release) -> AuditEntry | None:
    """The audit entry of a release's signing."""
    return session.scalars(sa.select(AuditEntry).where(AuditEntry.entry_id == release.entry_id)).first()
