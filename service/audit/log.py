"""Entering an act, bringing entries into the tree, and proving that they are there.

An entry is written in the transaction of the act (an outbox). The log worker brings
waiting entries into the tree in batches and signs what it has; an effect that must not
happen unseen waits for `is_in_tree`. Nothing here commits: the job loop or the request does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.audit.canonical import canonical
from service.audit.checkpoint import Checkpoint, LogProof, LogSigner, NotACheckpoint
from service.audit.entry import SALT_BYTES, Entry, entry_leaf, moment
from service.audit.records import (
    AuditCheckpoint,
    AuditEntry,
    AuditLeaf,
    AuditOutbox,
    EntryRow,
    add_entry,
    add_nodes,
    last_checkpoint,
    leaf_count,
    leaf_of,
    stored_nodes,
    waiting_entries,
)
from service.audit.tree import (
    EMPTY_ROOT,
    NodeReader,
    ProofInvalid,
    append,
    consistency_proof,
    frontier,
    inclusion_proof,
    root,
    verify_consistency,
)
from service.audit.vocabulary import Action, Outcome
from service.clock import Clock, Randomness, new_id


class LogBehindItsCheckpoint(Exception):
    """The stored tree is not the one that the log last signed: cut, restored or edited.

    The log worker stops here, and with it every effect that waits for the tree. The
    message says how the two differ, in sizes only.
    """


@dataclass(frozen=True)
class Integrated:
    """What one round brought into the tree, and the checkpoint that now stands."""

    entries: int
    checkpoint: Checkpoint
    note: str


def entry_row(  # noqa: PLR0913  # one word a column; every act of the service is entered by this one call
    action: Action,
    *,
    actor: str,
    subject: str,
    clock: Clock,
    random: Randomness,
    project: str | None = None,
    outcome: Outcome = Outcome.DONE,
    **detail: int | str,
) -> EntryRow:
    """The columns of an entry that nobody has entered yet.

    Details are ids, counts and digests under the keys of `vocabulary`; raises NotAnEntry
    for anything else.
    """
    at = clock()
    entry = Entry(
        entry_id=new_id(clock, random),
        at=moment(at),
        action=action,
        actor=actor,
        subject=subject,
        project=project,
        outcome=outcome,
        detail=detail,
    )
    return {
        "entry_id": entry.entry_id,
        "at": at,
        "action": action.value,
        "actor": actor,
        "subject": subject,
        "project": project,
        "outcome": outcome.value,
        "detail": canonical(detail).decode(),
        "salt": random(SALT_BYTES),
    }


def record(  # noqa: PLR0913  # as `entry_row`
    session: Session,
    action: Action,
    *,
    actor: str,
    subject: str,
    clock: Clock,
    random: Randomness,
    project: str | None = None,
    outcome: Outcome = Outcome.DONE,
    **detail: int | str,
) -> str:
    """Enter an act in the caller's transaction and return the entry's id; raises NotAnEntry."""
    row = entry_row(
        action,
        actor=actor,
        subject=subject,
        clock=clock,
        random=random,
        project=project,
        outcome=outcome,
        **detail,
    )
    add_entry(session, row)
    return str(row["entry_id"])


def integrate(
    session: Session, *, signer: LogSigner, clock: Clock, limit: int, known: Checkpoint | None = None
) -> Integrated | None:
    """Bring up to `limit` waiting entries into the tree and sign it, in the caller's transaction.

    `known` is the last checkpoint that the worker remembers outside the database. Returns
    nothing when the log is empty; with nothing waiting, the checkpoint that stands.
    Raises LogBehindItsCheckpoint, having changed nothing, when the stored tree is not the
    signed one or does not extend the known one.
    """
    standing = last_checkpoint(session)
    nodes = stored_nodes(session, frontier(standing.size) if standing else [])
    head = _signed_head(signer, standing)
    _check_stored(head, leaf_count(session), nodes, known)
    waiting = waiting_entries(session, limit)
    if waiting:
        grown = grow(session, head[0], nodes, waiting)
        note = signer.sign(*grown)
        session.add(AuditCheckpoint(size=grown[0], note=note, at=clock()))
        return Integrated(len(waiting), Checkpoint(signer.origin, *grown), note)
    if standing:
        return Integrated(0, Checkpoint(signer.origin, *head), standing.note)
    return None


def is_in_tree(session: Session, entry_id: str) -> bool:
    """Whether an entry is under a signed checkpoint; leaf and checkpoint come in one transaction."""
    return leaf_of(session, entry_id) is not None


def proof_for(session: Session, entry_id: str) -> LogProof | None:
    """The proof that an entry is in the log's newest tree, or nothing while it is not."""
    index, standing = leaf_of(session, entry_id), last_checkpoint(session)
    if index is None or standing is None:
        return None
    hashes = inclusion_proof(index, standing.size, stored_nodes(session))
    return LogProof(index, tuple(hashes), standing.note)


def _check_stored(
    signed: tuple[int, bytes], leaves: int, nodes: NodeReader, known: Checkpoint | None
) -> None:
    """Hold the stored tree against what was signed and what is remembered."""
    if leaves != signed[0]:
        raise LogBehindItsCheckpoint(f"{leaves} leaves are stored, {signed[0]} are signed")
    if known and known.size > signed[0]:
        raise LogBehindItsCheckpoint(f"{leaves} leaves are stored, {known.size} were signed before")
    try:
        if root(signed[0], nodes) != signed[1]:
            raise LogBehindItsCheckpoint(f"the {leaves} stored leaves have another root than the signed one")
        if known and known.size:
            verify_consistency(known.head, signed, consistency_proof(known.size, signed[0], nodes))
    except LookupError:
        raise LogBehindItsCheckpoint("a stored node is missing") from None
    except ProofInvalid:
        raise LogBehindItsCheckpoint("the signed tree does not extend the remembered one") from None


def _signed_head(signer: LogSigner, standing: AuditCheckpoint | None) -> tuple[int, bytes]:
    if standing is None:
        return 0, EMPTY_ROOT
    try:
        checkpoint = signer.key.open(standing.note)
    except NotACheckpoint:
        raise LogBehindItsCheckpoint("the last checkpoint is not signed by this log") from None
    if checkpoint.size != standing.size:
        raise LogBehindItsCheckpoint("the last checkpoint was signed for another size")
    return checkpoint.head


def grow(session: Session, size: int, nodes: NodeReader, waiting: Sequence[AuditEntry]) -> tuple[int, bytes]:
    """Add a leaf for each entry and take it out of the outbox; the new size and root. Nothing is signed."""
    made: dict[tuple[int, int], bytes] = {}

    def read(level: int, position: int) -> bytes:
        return made.get((level, position)) or nodes(level, position)

    for index, row in enumerate(waiting, start=size):
        leaf = entry_leaf(row.salt, row.to_entry().to_canonical())
        made |= {(level, position): digest for level, position, digest in append(index, leaf, read)}
    add_nodes(session, [(*place, digest) for place, digest in made.items()])
    leaves = [{"leaf_index": i, "entry_sequence": row.sequence} for i, row in enumerate(waiting, start=size)]
    session.execute(sa.insert(AuditLeaf), leaves)
    session.execute(sa.delete(AuditOutbox).where(AuditOutbox.entry_id.in_([row.entry_id for row in waiting])))
    grown = size + len(waiting)
    return grown, root(grown, read)
