"""Withdrawals: what a provider signed, the sealed list, and which workers keep it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from linkage_engine.contract.permit import Role
from service.database import Digest, Id, Record, SlugText
from service.projects.records import Project, projects_of
from service.withdrawals.rules import WithdrawalState, state_of


class Withdrawal(Record):
    """Persons whom a provider takes out of a project, as ciphertext, and what became of it."""

    __tablename__ = "withdrawal"

    id: Mapped[Id]
    project_id: Mapped[SlugText] = mapped_column(sa.ForeignKey(Project.id), index=True)
    provider_id: Mapped[SlugText] = mapped_column(sa.ForeignKey("principal.id"))
    statement: Mapped[str] = mapped_column(sa.Text())
    """The compact JWS: workers believe it, never the columns beside it."""
    statement_sha256: Mapped[Digest] = mapped_column(unique=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary())
    persons: Mapped[int]
    received_at: Mapped[datetime]
    entry_id: Mapped[str] = mapped_column(sa.String(36))
    linkage_kept: Mapped[bool] = mapped_column(default=False)
    analysis_kept: Mapped[bool] = mapped_column(default=False)
    code: Mapped[str | None] = mapped_column(sa.String(63))

    @property
    def state(self) -> WithdrawalState:
        """What both workers' reports come to."""
        return state_of(linkage_kept=self.linkage_kept, analysis_kept=self.analysis_kept, code=self.code)


def withdrawal_by_id(session: Session, withdrawal_id: str) -> Withdrawal | None:
    """The withdrawal of that id, whoever asks; on PostgreSQL the row is locked."""
    return session.get(Withdrawal, withdrawal_id, with_for_update=True)


def withdrawal_of_statement(session: Session, statement_sha256: str) -> Withdrawal | None:
    """The withdrawal that was made by a statement."""
    query = sa.select(Withdrawal).where(Withdrawal.statement_sha256 == statement_sha256)
    return session.scalars(query).first()


def visible_withdrawal(
    session: Session, withdrawal_id: str, principal_id: str, role: Role
) -> Withdrawal | None:
    """The withdrawal, if the caller may see its project; a provider sees its own alone."""
    query = sa.select(Withdrawal).where(
        Withdrawal.id == withdrawal_id, Withdrawal.project_id.in_(projects_of(principal_id, role))
    )
    if role is Role.PROVIDER:
        query = query.where(Withdrawal.provider_id == principal_id)
    return session.scalars(query).first()
