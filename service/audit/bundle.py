"""An exported log, checked offline: keys, checkpoint, every entry, every release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from service.audit.archive import (
    CHECKPOINT,
    ENTRIES,
    KEYS,
    RELEASE,
    RELEASES,
    VKEY,
    Archive,
    NotVerified,
    open_archive,
    shown,
)
from service.audit.canonical import NotCanonical, parse
from service.audit.checkpoint import Checkpoint, LogKey, NotACheckpoint, decode
from service.audit.entry import Entry, NotAnEntry, entry_leaf
from service.audit.release import Place, Trust, check_release, keys_in
from service.audit.signature import Keys
from service.audit.tree import GrowingTree, ProofInvalid

FAULTS_SHOWN = 50
"""Entries after so many bad ones are not read: a hostile file does not fill the memory with complaints."""


@dataclass(frozen=True)
class Pins:
    """What the auditor has from elsewhere: the log's key, the release keys, an earlier checkpoint."""

    log: LogKey | None = None
    release_keys: Keys | None = None
    checkpoint: str | None = None
    """The signed note of a checkpoint that was kept: the log must still begin with that tree."""


@dataclass(frozen=True)
class Verified:
    """What was held to be whole."""

    checkpoint: Checkpoint
    entries: int
    releases: tuple[str, ...]


def verify_bundle(path: Path, pins: Pins) -> Verified:
    """Hold every signature, proof and digest of an exported log, or raise NotVerified naming what fails.

    Steps: 1 keys, 2 the checkpoint's signature, 3 each entry against its leaf, 4 all
    leaves against the checkpoint, 5 the kept checkpoint against the leaves, 6 each
    release and its place in this log, 7 nothing else rides along.
    """
    with open_archive(path) as archive:
        # 1. keys
        log = pins.log or log_key(archive.text(VKEY), VKEY)
        trust = Trust(log, pins.release_keys if pins.release_keys is not None else keys_in(archive))
        # 2. the checkpoint's signature
        checkpoint = _opened(trust.log, archive.text(CHECKPOINT), CHECKPOINT)
        # 3. entries
        tree = GrowingTree()
        faults = list(islice(_entry_faults(archive, tree), FAULTS_SHOWN))
        # 4. and 5. roots
        faults += _root_faults(tree, checkpoint, f"{ENTRIES}: the entries do not give the checkpoint's root")
        if tree.size > checkpoint.size:
            faults.append(f"{ENTRIES}: {tree.size} entries, the checkpoint has {checkpoint.size}")
        if pins.checkpoint is not None:
            kept = _opened(trust.log, pins.checkpoint, "the kept checkpoint")
            faults += _root_faults(tree, kept, "the kept checkpoint: the log no longer begins with its tree")
        # 6. releases
        releases = sorted(_release_ids(archive))
        for release_id in releases:
            faults += _release_faults(archive, f"{RELEASES}{release_id}/", trust, tree)
        # 7. nothing else
        faults += _stray_faults(archive)
        if faults:
            raise NotVerified(*faults)
        return Verified(checkpoint, tree.size, tuple(releases))


def verify_package(path: Path, pins: Pins) -> Place:
    """Hold one release package against the pinned log key, or raise NotVerified naming what fails."""
    if pins.log is None:
        raise NotVerified("a release package is checked against a pinned log key")
    with open_archive(path) as archive:
        release_keys = pins.release_keys if pins.release_keys is not None else keys_in(archive)
        return check_release(archive, "", Trust(pins.log, release_keys))


def entries_of(path: Path, first: int) -> Iterator[tuple[Entry, bytes]]:
    """The entries of a verified log from the one of that index on, each with the salt of its commitment.

    Raises NotVerified for what verifying would have refused.
    """
    with open_archive(path) as archive:
        for line in islice(archive.lines(ENTRIES), first, None):
            try:
                _, entry, _, salt = _fields(line)
                yield Entry.from_canonical(entry), salt
            except (NotCanonical, NotACheckpoint, NotAnEntry) as fault:
                raise NotVerified(f"{ENTRIES}: {fault}") from None


def _entry_faults(archive: Archive, tree: GrowingTree) -> Iterator[str]:
    """Each entry against its own leaf; all leaves go into the tree."""
    for position, line in enumerate(archive.lines(ENTRIES)):
        try:
            index, entry, leaf, salt = _fields(line)
            tree.add(leaf)
            if index != position:
                yield f"entry {position}: out of order"
            if entry_leaf(salt, entry) != leaf:
                yield f"entry {position}: commitment differs from the tree"
            Entry.from_canonical(entry)
        except (NotCanonical, NotACheckpoint, NotAnEntry) as fault:
            yield f"entry {position}: {fault}"


def _fields(line: bytes) -> tuple[int, bytes, bytes, bytes]:
    """Index, canonical entry, leaf hash and salt of one line."""
    match parse(line):
        case {"entry": str(entry), "index": int(index), "leaf": str(leaf), "salt": str(salt), **rest} if (
            not rest
        ):
            return index, entry.encode(), decode(leaf), decode(salt)
        case _:
            raise NotCanonical("not the fields of a line")


def _root_faults(tree: GrowingTree, checkpoint: Checkpoint, otherwise: str) -> Iterator[str]:
    try:
        if tree.root_at(checkpoint.size) != checkpoint.root:
            yield otherwise
    except ProofInvalid:
        yield f"{ENTRIES}: {tree.size} entries, a signed checkpoint has {checkpoint.size}"


def _release_faults(archive: Archive, folder: str, trust: Trust, tree: GrowingTree) -> Iterator[str]:
    name = shown(folder + RELEASE)
    try:
        place = check_release(archive, folder, trust)
    except NotVerified as refused:
        yield from refused.faults
        return
    if place.index >= tree.size or tree.node(0, place.index) != place.leaf:
        yield f"{name}: its log entry is not entry {place.index} of this log"
    yield from _root_faults(tree, place.checkpoint, f"{name}: its checkpoint is not of this log")


def _release_ids(archive: Archive) -> set[str]:
    inside = [name.removeprefix(RELEASES) for name in archive.names if name.startswith(RELEASES)]
    return {name.partition("/")[0] for name in inside}


def _stray_faults(archive: Archive) -> Iterator[str]:
    ours = {CHECKPOINT, VKEY, ENTRIES, KEYS}
    for name in sorted(archive.names - ours):
        if not name.startswith(RELEASES):
            yield f"{shown(name)}: does not belong in a bundle"


def log_key(text: str, name: str) -> LogKey:
    """The log's key of a verifier key line; raises NotVerified naming where it came from."""
    try:
        return LogKey.from_text(text.strip())
    except NotACheckpoint as fault:
        raise NotVerified(f"{name}: {fault}") from None


def _opened(key: LogKey, note: str, name: str) -> Checkpoint:
    try:
        return key.open(note)
    except NotACheckpoint as fault:
        raise NotVerified(f"{name}: {fault}") from None
