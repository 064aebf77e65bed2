"""Queries: the question as it was signed, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.permit import Role
from service.database import Digest, Id, Record, SlugText
from service.linkage_runs.records import LinkageRun
from service.projects.records import Project, projects_of
from service.queries.rules import QueryKind, QueryState


class Query(Record):
    """A question of a researcher and its life; never its answer. A pre-flight is one of another kind."""

    __tablename__ = "query"
    __table_args__ = (sa.UniqueConstraint("asked_by", "nonce"),)

    id: Mapped[Id]
    kind: Mapped[QueryKind] = mapped_column(
        sa.Enum(
            QueryKind,
            native_enum=False,
            create_constraint=False,  # a table of SQLite cannot be given one later
            length=63,
            values_callable=lambda kinds: [kind.value for kind in kinds],
        ),
        server_default=sa.text("'query'"),
    )
    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), index=True)
    asked_by: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"))
    asked_at: Mapped[datetime]
    nonce: Mapped[str] = mapped_column(sa.String(36))
    question: Mapped[str] = mapped_column(sa.Text())
    """The compact JWS."""
    question_sha256: Mapped[Digest]
    specification: Mapped[dict[str, Any]]
    linkage_run_id: Mapped[str] = mapped_column(sa.String(36), sa.ForeignKey(LinkageRun.id))
    """The linkage that it is answered over."""
    state: Mapped[QueryState]
    hand_over_sha256: Mapped[Digest | None]
    """The sealed exact answer."""
    figures: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Of a pre-flight: what its asker is told."""
    code: Mapped[str | None] = mapped_column(sa.String(63))
    settled_at: Mapped[datetime | None]


def query_ids(session: Session, project_id: str) -> Sequence[str]:
    """Every question of a project, asked or foreseen."""
    return session.scalars(sa.select(Query.id).where(Query.project_id == project_id)).all()


def asked_at(session: Session, query_id: str) -> datetime:
    """When a question was asked, for who changes nothing in it."""
    return session.execute(sa.select(Query.asked_at).where(Query.id == query_id)).scalar_one()


def query_by_id(session: Session, query_id: str) -> Query | None:
    """The query of that id, whoever asks; on PostgreSQL the row is locked."""
    return session.get(Query, query_id, with_for_update=True)


def visible_query(
    session: Session, query_id: str, principal_id: str, role: Role, kind: QueryKind
) -> Query | None:
    """The query of a kind, if the caller asked it, checks the project's outputs or reviews the service."""
    query = sa.select(Query).where(
        Query.id == query_id, Query.kind == kind, Query.project_id.in_(projects_of(principal_id, role))
    )
    if role is Role.RESEARCHER:
        query = query.where(Query.asked_by == principal_id)
    return session.scalars(query).first()


def query_of_nonce(session: Session, asked_by: str, nonce: str) -> Query | None:
    """The query that was asked with that nonce."""
    same = sa.select(Query).where(Query.asked_by == asked_by, Query.nonce == nonce)
    return session.scalars(same).first()


def asked_since(session: Session, project_id: str, moment: datetime) -> int:
    """How many questions of a project were taken since a moment, of any kind, whatever became of them."""
    taken = sa.select(sa.func.count()).where(Query.project_id == project_id, Query.asked_at >= moment)
    return session.scalars(taken).one()
