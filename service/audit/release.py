"""One release, checked offline: its signature, its files, and its place in the log.

The folder of a release holds the released files and `release.json`: the statement that
the gate signed, the signature over its canonical JSON, and the log entry of the signing
with its salt and proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from service.audit.archive import KEYS, RELEASE, Archive, NotVerified, shown
from service.audit.canonical import NotCanonical, canonical, parse
from service.audit.checkpoint import Checkpoint, LogKey, LogProof, NotACheckpoint, decode
from service.audit.entry import Entry, NotAnEntry, entry_leaf
from service.audit.signature import RELEASE_TYPE, Keys, keys_of, verified_payload
from service.audit.tree import ProofInvalid, verify_inclusion
from service.audit.vocabulary import Action, Outcome


@dataclass(frozen=True)
class Trust:
    """The public keys that everything is checked with."""

    log: LogKey
    release_keys: Keys


@dataclass(frozen=True)
class Place:
    """Where the log says a release was signed."""

    index: int
    leaf: bytes
    checkpoint: Checkpoint


def keys_in(archive: Archive) -> Keys:
    """The release keys that the archive itself names: its sender's word, unless compared with pinned ones."""
    fields = parsed(archive.read(KEYS), KEYS)
    # Nothing else may stand there: what no signature covers would look verified.
    if not isinstance(fields, dict) or fields.keys() != {"release"}:
        raise NotVerified(f"{KEYS}: not the release keys alone")
    return keys_of(fields["release"])


def check_release(archive: Archive, folder: str, trust: Trust) -> Place:
    """Hold one release to be signed, whole and entered in the log; where it was entered.

    `folder` ends with a slash, or is empty for a package of its own. Raises NotVerified
    naming every member that does not hold.
    """
    name = folder + RELEASE
    # 1. the text has the form of a release
    said = parsed(archive.read(name), name)
    match said:
        case {"statement": dict(statement), "signature": str(signature), "log": dict(log), **rest} if (
            not rest
        ):
            pass
        case _:
            raise NotVerified(f"{shown(name)}: not a statement, a signature and a log entry")
    # 2. the gate signed exactly this statement
    try:
        payload = verified_payload(signature, trust.release_keys, RELEASE_TYPE)
    except NotVerified as fault:
        raise NotVerified(f"{shown(name)}: {fault}") from None
    if payload != canonical(statement):
        raise NotVerified(f"{shown(name)}: the statement differs from the signed one")
    # 3. the files are the ones of the statement
    faults = list(_file_faults(archive, folder, statement))
    if faults:
        raise NotVerified(*faults)
    # 4. and 5. the signing is an entry of the log, and under a signed checkpoint
    try:
        return entered(log, (Action.RELEASE_SIGN, statement.get("release_id")), payload, trust.log)
    except (NotACheckpoint, NotAnEntry, ProofInvalid) as fault:
        raise NotVerified(f"{shown(name)}: log entry: {fault}") from None


def _file_faults(archive: Archive, folder: str, statement: dict[str, object]) -> Iterator[str]:
    match statement:
        case {"files": list(files)}:
            stated = {f["name"]: f for f in files if isinstance(f, dict) and isinstance(f.get("name"), str)}
        case _:
            stated, files = {}, [None]
    if len(stated) != len(files):
        yield f"{shown(folder + RELEASE)}: the statement does not name each file once"
    for file, facts in stated.items():
        member = folder + file
        try:
            if archive.digest(member) != (facts.get("sha256"), facts.get("size_bytes")):
                yield f"{shown(member)}: digest differs"
        except NotVerified as fault:
            yield str(fault)
    present = {name for name in archive.names if name.startswith(folder)}
    for name in sorted(present - {folder + file for file in stated} - {folder + RELEASE, KEYS}):
        yield f"{shown(name)}: not named by the statement"


def entered(log: dict[str, object], about: tuple[Action, object], payload: bytes, key: LogKey) -> Place:
    """Where the log says that a signed text was entered, by an act on a subject.

    Raises NotAnEntry, NotACheckpoint and ProofInvalid.
    """
    match log:
        case {"entry": str(text), "salt": str(salt), "proof": str(proof_text), **rest} if not rest:
            entry, leaf = Entry.from_canonical(text.encode()), entry_leaf(decode(salt), text.encode())
        case _:
            raise NotAnEntry("not an entry, a salt and a proof")
    about_this = (entry.action, entry.subject) == about and entry.outcome is Outcome.DONE
    if not about_this or entry.detail.get("statement_sha256") != hashlib.sha256(payload).hexdigest():
        raise NotAnEntry("not about the signing of this statement")
    proof = LogProof.from_text(proof_text)
    checkpoint = key.open(proof.note)
    verify_inclusion(leaf, proof.index, checkpoint.head, proof.hashes)
    return Place(proof.index, leaf, checkpoint)


def parsed(text: bytes, name: str) -> object:
    """The value of a member that is canonical JSON; raises NotVerified naming it."""
    try:
        return parse(text.removesuffix(b"\n"))
    except NotCanonical as fault:
        raise NotVerified(f"{shown(name)}: {fault}") from None
