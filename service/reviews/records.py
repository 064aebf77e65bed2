"""Searching the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.audit.records import AuditEntry, AuditLeaf
from service.reviews.rules import Stretch, Wanted

Found = tuple[AuditEntry, int | None]
"""An entry and its place in the tree, if it is there yet."""


def entries_like(session: Session, wanted: Wanted, stretch: Stretch) -> Sequence[Found]:
    """The entries that are wanted, in the order in which they were entered."""
    query = (
        sa.select(AuditEntry, AuditLeaf.leaf_index)
        .outerjoin(AuditLeaf, AuditLeaf.entry_sequence == AuditEntry.sequence)
        .where(AuditEntry.sequence > stretch.after, AuditEntry.sequence <= stretch.upto, *_conditions(wanted))
        .order_by(AuditEntry.sequence)
        .limit(stretch.limit)
    )
    return [(entry, index) for entry, index in session.execute(query)]


def _conditions(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    """Every column that is asked about has an index."""
    if wanted.person is not None:
        yield sa.or_(AuditEntry.actor == wanted.person, AuditEntry.subject == wanted.person)
    same = {
        AuditEntry.actor: wanted.actor,
        AuditEntry.subject: wanted.subject,
        AuditEntry.project: wanted.project,
        AuditEntry.action: wanted.action,
        AuditEntry.outcome: wanted.outcome,
    }
    yield from (column == word for column, word in same.items() if word is not None)
    if wanted.since is not None:
        yield AuditEntry.at >= wanted.since
    if wanted.until is not None:
        yield AuditEntry.at < wanted.until
