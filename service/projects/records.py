"""Projects and the people that their permits name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.permit import Role
from linkage_engine.contract.permit_parts import EndKind
from service.access.permissions import SERVICE_ROLES
from service.database import Digest, Id, Record, SlugText
from service.projects.warnings import Warned


class Project(Record):
    """A project: its permit as governance signed it, and what lists need of it."""

    __tablename__ = "project"

    id: Mapped[SlugText] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(500))
    permit: Mapped[str] = mapped_column(sa.Text())
    """The compact JWS: the only text that is believed."""
    permit_sha256: Mapped[Digest]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    opened_at: Mapped[datetime]


class PermitVersion(Record):
    """A permit that is or was in force, who signed it and who brought it in: never the same person."""

    __tablename__ = "permit_version"
    __table_args__ = (sa.CheckConstraint("brought_by_person <> signed_by_person", name="second_person"),)

    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    permit: Mapped[str] = mapped_column(sa.Text())
    permit_sha256: Mapped[Digest] = mapped_column(unique=True)
    brought_by: Mapped[SlugText | None] = mapped_column(sa.ForeignKey("principal.id"))
    """Nothing where it was brought in before this was kept: the log says."""
    brought_by_person: Mapped[SlugText | None]
    signed_by_person: Mapped[SlugText | None]
    brought_at: Mapped[datetime]


class PermitWarning(Record):
    """That something of a permit is about to end, entered once for each period."""

    __tablename__ = "permit_warning"

    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), primary_key=True)
    kind: Mapped[EndKind] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(130), primary_key=True)
    valid_to: Mapped[date] = mapped_column(primary_key=True)
    within: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Days."""


class ProjectDestruction(Record):
    """That everything of a closed project is to be destroyed, by the permit that closed it."""

    __tablename__ = "project_destruction"

    id: Mapped[Id]
    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), index=True)
    permit_sha256: Mapped[Digest]
    received_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(sa.String(36))


class ProjectParty(Record):
    """A principal that a permit names."""

    __tablename__ = "project_party"

    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), primary_key=True)
    principal_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"), primary_key=True)
    role: Mapped[Role]


# Made once: every request about a project asks, and building a statement takes longer than running it.
_projects, _parties = (Record.metadata.tables[each.__tablename__] for each in (Project, ProjectParty))
_PERMIT = sa.select(_projects.c.permit).where(_projects.c.id == sa.bindparam("project_id"))
_PERMIT_OF_PARTY = _PERMIT.join(_parties).where(
    _parties.c.principal_id == sa.bindparam("principal_id"), _parties.c.role == sa.bindparam("role")
)


def project_by_id(session: Session, project_id: str) -> Project | None:
    """The project of that id, whoever asks."""
    return session.get(Project, project_id)


def was_warned(session: Session, project_id: str, warned: Warned) -> bool:
    """Whether the log has it already."""
    key = (project_id, warned.ending.kind, warned.ending.subject, warned.ending.valid_to, warned.within)
    return session.get(PermitWarning, key) is not None


def all_projects(session: Session) -> Sequence[Project]:
    """Every project, by its id."""
    return session.scalars(sa.select(Project).order_by(Project.id)).all()


def permit_of_digest(session: Session, project_id: str, digest: str) -> str | None:
    """The text of a permit that the project has or had."""
    query = sa.select(PermitVersion.permit).where(
        PermitVersion.project_id == project_id, PermitVersion.permit_sha256 == digest
    )
    return session.scalars(query).first()


def parties_of(session: Session, project_id: str) -> Sequence[ProjectParty]:
    """Who may see the project."""
    return session.scalars(sa.select(ProjectParty).where(ProjectParty.project_id == project_id)).all()


def visible_permit(session: Session, project_id: str, principal_id: str, role: Role) -> str | None:
    """The permit in force, if the principal serves every project or it names the principal in this role."""
    if role in SERVICE_ROLES:
        return session.scalars(_PERMIT, {"project_id": project_id}).first()
    asked = {"project_id": project_id, "principal_id": principal_id, "role": role}
    return session.scalars(_PERMIT_OF_PARTY, asked).first()


def projects_of(principal_id: str, role: Role) -> sa.Select[str]:
    """A query for the ids of the projects that a principal may see: the scope of every list."""
    if role in SERVICE_ROLES:
        return sa.select(Project.id)
    return sa.select(ProjectParty.project_id).where(
        ProjectParty.principal_id == principal_id, ProjectParty.role == role
    )
