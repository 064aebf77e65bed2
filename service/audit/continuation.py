"""The log of a database that is older than the log: carried on from a bundle, entry by entry, unsigned anew.

After a restore the tree grows by the very entries that followed, to the very checkpoint that the log
signed: whoever holds a checkpoint finds it in the restored log, and nothing is signed a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from service.audit.archive import CHECKPOINT, NotVerified, open_archive
from service.audit.bundle import Pins, entries_of, verify_bundle
from service.audit.canonical import canonical
from service.audit.checkpoint import Checkpoint, LogKey
from service.audit.entry import Entry
from service.audit.log import grow
from service.audit.records import (
    AuditCheckpoint,
    AuditEntry,
    entries_by_id,
    last_checkpoint,
    leaf_count,
    stored_nodes,
)
from service.audit.tree import EMPTY_ROOT, frontier, root
from service.clock import Clock

BATCH = 500


class Standing(StrEnum):
    """How a checkpoint that somebody kept stands to a log."""

    HELD = "held"
    """The log begins with its tree."""
    AHEAD = "ahead"
    """Its tree has entries that the log has not."""
    OTHER = "other"
    """It is of another log, or of a fork of this one."""


def standing_of(session: Session, kept: Checkpoint) -> Standing:
    """How the stored tree stands to a checkpoint that the log's key signed."""
    if kept.size > leaf_count(session):
        return Standing.AHEAD
    held = root(kept.size, stored_nodes(session, frontier(kept.size)))
    return Standing.HELD if held == kept.root else Standing.OTHER


def carry_on(session: Session, bundle: Path, *, key: LogKey, clock: Clock) -> int:
    """Bring every entry of a bundle that the stored log has not into its tree; how many those were.

    The bundle is verified first, and has to begin with the tree that the stored log last signed. Entries that
    wait in the outbox keep their rows. Raises NotVerified, and changes nothing that is not rolled back.
    """
    standing = last_checkpoint(session)
    kept = standing.note if standing is not None else None
    signed = verify_bundle(bundle, Pins(log=key, checkpoint=kept)).checkpoint
    first = size = standing.size if standing is not None else 0
    head = EMPTY_ROOT
    coming = entries_of(bundle, first)
    while batch := list(islice(coming, BATCH)):
        size, head = grow(session, size, stored_nodes(session, frontier(size)), _rows(session, batch))
    if size == first:
        return 0
    if head != signed.root:
        raise NotVerified("the stored log: an entry that waits in it says something else in the bundle")
    with open_archive(bundle) as archive:
        session.add(AuditCheckpoint(size=size, note=archive.text(CHECKPOINT), at=clock()))
    session.flush()
    return size - first


def _rows(session: Session, entries: Sequence[tuple[Entry, bytes]]) -> list[AuditEntry]:
    """The rows of entries, those that wait in the outbox and new ones, in the bundle's order."""
    waiting = entries_by_id(session, [entry.entry_id for entry, _ in entries])
    rows = [waiting.get(entry.entry_id) or _row(entry, salt) for entry, salt in entries]
    session.add_all(rows)
    session.flush()
    return rows


def _row(entry: Entry, salt: bytes) -> AuditEntry:
    return AuditEntry(
        entry_id=entry.entry_id,
        at=datetime.fromisoformat(entry.at),
        action=entry.action.value,
        actor=entry.actor,
        subject=entry.subject,
        project=entry.project,
        outcome=entry.outcome.value,
        detail=canonical(entry.detail).decode(),
        salt=salt,
    )
