"""The tables of the log and the queries over them; entries, leaves, nodes and checkpoints are only added."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.audit.append_only import keep_append_only
from service.audit.entry import SALT_BYTES, Entry, moment
from service.audit.tree import HASH_BYTES, Node, NodeReader
from service.audit.vocabulary import Action, Outcome
from service.database import Record

# SQLite numbers rows by itself only in a column called INTEGER.
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Hash = sa.LargeBinary(HASH_BYTES)


class AuditEntry(Record):
    """One act, entered in the transaction of the act itself.

    Acts and outcomes are plain text here: `Entry` keeps them closed, and a new act needs
    no migration of a table that nothing may rewrite.
    """

    __tablename__ = "audit_entry"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  # SQLAlchemy reads it from the class

    sequence: Mapped[int] = mapped_column(Number, primary_key=True)
    entry_id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(sa.String(63), index=True)
    actor: Mapped[str] = mapped_column(sa.String(200), index=True)
    subject: Mapped[str] = mapped_column(sa.String(200), index=True)
    project: Mapped[str | None] = mapped_column(sa.String(200), index=True)
    outcome: Mapped[str] = mapped_column(sa.String(63), index=True)
    detail: Mapped[str] = mapped_column(sa.Text)
    salt: Mapped[bytes] = mapped_column(sa.LargeBinary(SALT_BYTES))

    def to_entry(self) -> Entry:
        """The entry as the value that is committed to."""
        return Entry(
            entry_id=self.entry_id,
            at=moment(self.at),
            action=Action(self.action),
            actor=self.actor,
            subject=self.subject,
            project=self.project,
            outcome=Outcome(self.outcome),
            detail=json.loads(self.detail),
        )


class AuditOutbox(Record):
    """An entry on its way into the tree: added with the entry, taken out when its leaf is there.

    What waits is named, not counted: the tree would lose nothing if sequences did not commit in order.
    """

    __tablename__ = "audit_outbox"
    __unaudited__ = True

    entry_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)


class AuditLeaf(Record):
    """The place of an entry in the tree; its hash is the node of level 0."""

    __tablename__ = "audit_leaf"
    __unaudited__ = True

    leaf_index: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    entry_sequence: Mapped[int] = mapped_column(sa.ForeignKey(AuditEntry.sequence), unique=True)


class AuditNode(Record):
    """The hash of one complete subtree."""

    __tablename__ = "audit_node"
    __unaudited__ = True

    level: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(Hash)


class AuditCheckpoint(Record):
    """What the log signed, by tree size."""

    __tablename__ = "audit_checkpoint"
    __unaudited__ = True

    size: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]


class RefusalTally(Record):
    """Refused sign-ins of one source in one minute, until they become one entry."""

    __tablename__ = "refusal_tally"
    __unaudited__ = True

    source: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    count: Mapped[int]


EntryRow = dict[str, Any]
"""The columns of an entry that nobody has entered yet."""

APPEND_ONLY = {
    "audit_entry": ("sequence", "entry_id"),
    "audit_leaf": ("leaf_index", "entry_sequence"),
    "audit_node": ("level, position",),
    "audit_checkpoint": ("size",),
}
"""The tables that are only added to, with the keys under which a row may not come again."""

for _name, _keys in APPEND_ONLY.items():
    keep_append_only(Record.metadata.tables[_name], _keys)


_ENTRIES = sa.insert(Record.metadata.tables[AuditEntry.__tablename__])
_OUTBOX = sa.insert(Record.metadata.tables[AuditOutbox.__tablename__])


def add_entry(session: Session, row: EntryRow) -> None:
    """Enter an act in the caller's transaction, and put its entry on the way into the tree."""
    session.add_all([AuditEntry(**row), AuditOutbox(entry_id=row["entry_id"])])


def add_entries(session: Session, rows: Sequence[EntryRow]) -> None:
    """Enter many acts at once, by two statements."""
    session.execute(_ENTRIES, rows)
    session.execute(_OUTBOX, [{"entry_id": row["entry_id"]} for row in rows])


def entries_by_id(session: Session, entry_ids: Sequence[str]) -> dict[str, AuditEntry]:
    """Those entries that are there, by their ids."""
    query = sa.select(AuditEntry).where(AuditEntry.entry_id.in_(entry_ids))
    return {row.entry_id: row for row in session.scalars(query)}


def entries_of_acts(session: Session, acts: Collection[Action]) -> Iterator[Entry]:
    """Every entry of these acts, in the tree or on its way, in the order in which they came in."""
    query = sa.select(AuditEntry).where(AuditEntry.action.in_(acts)).order_by(AuditEntry.sequence)
    return (row.to_entry() for row in session.scalars(query))


def newest_sequence(session: Session) -> int:
    """The number of the entry that came in last, or nought."""
    return session.scalar(sa.select(sa.func.max(AuditEntry.sequence))) or 0


def acts_since(session: Session, sequence: int) -> Sequence[tuple[str, str | None, int]]:
    """The acts that came in after the entry of a number: which, in which project, how often."""
    query = (
        sa.select(AuditEntry.action, AuditEntry.project, sa.func.count())
        .where(AuditEntry.sequence > sequence)
        .group_by(AuditEntry.action, AuditEntry.project)
        .order_by(AuditEntry.action, AuditEntry.project)
    )
    return [(action, project, count) for action, project, count in session.execute(query)]


def leaf_of(session: Session, entry_id: str) -> int | None:
    """The place of an entry in the tree, or nothing while it waits in the outbox."""
    return session.scalar(
        sa.select(AuditLeaf.leaf_index)
        .join(AuditEntry, AuditEntry.sequence == AuditLeaf.entry_sequence)
        .where(AuditEntry.entry_id == entry_id)
    )


def leaf_count(session: Session) -> int:
    """How many leaves the tree has; leaves are numbered without gaps."""
    last = session.scalar(sa.select(sa.func.max(AuditLeaf.leaf_index)))
    return 0 if last is None else last + 1


def last_checkpoint(session: Session) -> AuditCheckpoint | None:
    """The checkpoint of the largest tree."""
    return session.scalar(sa.select(AuditCheckpoint).order_by(AuditCheckpoint.size.desc()).limit(1))


def waiting_entries(session: Session, limit: int) -> Sequence[AuditEntry]:
    """The oldest entries of the outbox."""
    return session.scalars(
        sa.select(AuditEntry)
        .join(AuditOutbox, AuditOutbox.entry_id == AuditEntry.entry_id)
        .order_by(AuditEntry.sequence)
        .limit(limit)
    ).all()


def entries_in_tree(session: Session, size: int) -> Iterator[tuple[int, AuditEntry, bytes]]:
    """The first `size` leaves in order: index, entry, leaf hash."""
    rows: Iterable[tuple[int, AuditEntry, bytes]] = session.execute(
        sa.select(AuditLeaf.leaf_index, AuditEntry, AuditNode.digest)
        .join(AuditEntry, AuditEntry.sequence == AuditLeaf.entry_sequence)
        .join(AuditNode, sa.and_(AuditNode.level == 0, AuditNode.position == AuditLeaf.leaf_index))
        .where(AuditLeaf.leaf_index < size)
        .order_by(AuditLeaf.leaf_index)
        .execution_options(yield_per=1000)
    )
    return iter(rows)


def stored_nodes(session: Session, beforehand: Sequence[tuple[int, int]] = ()) -> NodeReader:
    """A reader of the stored nodes; raises LookupError for a node that is not there.

    The nodes known to be needed `beforehand` are fetched in one query.
    """
    where = sa.tuple_(AuditNode.level, AuditNode.position)
    found = {
        (node.level, node.position): node.digest
        for node in session.scalars(sa.select(AuditNode).where(where.in_(beforehand)))
    }

    def read(level: int, position: int) -> bytes:
        if (level, position) not in found:
            node = session.get(AuditNode, (level, position))
            if node is None:
                raise LookupError
            found[level, position] = node.digest
        return found[level, position]

    return read


def add_nodes(session: Session, nodes: Sequence[Node]) -> None:
    """Store nodes that have become complete."""
    session.execute(sa.insert(AuditNode), [{"level": lv, "position": p, "digest": d} for lv, p, d in nodes])
