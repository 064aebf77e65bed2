"""Searching the log."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.audit.records import AuditEntry, AuditLeaf

Found = tuple[AuditEntry, int | None]
"""An entry and its place in the tree, if it is there yet."""


def entries_after(
    session: Session, sequence: int, *, limit: int, action: str | None, actor: str | None
) -> Sequence[Found]:
    """Entries after a sequence number in order, of one act or one actor if asked."""
    query = (
        sa.select(AuditEntry, AuditLeaf.leaf_index)
        .outerjoin(AuditLeaf, AuditLeaf.entry_sequence == AuditEntry.sequence)
        .where(AuditEntry.sequence > sequence)
        .order_by(AuditEntry.sequence)
        .limit(limit)
    )
    if action is not None:
        query = query.where(AuditEntry.action == action)
    if actor is not None:
        query = query.where(AuditEntry.actor == actor)
    return [(entry, index) for entry, index in session.execute(query)]
