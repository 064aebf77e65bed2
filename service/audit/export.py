"""Writing a bundle: the whole log and its releases in one zip file that verifies offline."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import IO

from sqlalchemy.orm import Session

from service.audit.archive import CHECKPOINT, ENTRIES, KEYS, RELEASES, VKEY
from service.audit.canonical import canonical
from service.audit.checkpoint import Checkpoint, LogKey, encode
from service.audit.records import AuditEntry, entries_in_tree, last_checkpoint

BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The same log gives the same bytes: members carry no time of their own."""


class NothingToExport(Exception):
    """The log has signed nothing yet."""


def write_bundle(
    session: Session,
    target: IO[bytes],
    *,
    key: LogKey,
    release_keys: Sequence[Mapping[str, str]],
    releases: Iterable[tuple[str, bytes]] = (),
) -> Checkpoint:
    """Write the log as of its newest checkpoint, and the releases, as one zip file.

    `release_keys` are the gate's public keys, retired ones too, as JSON Web Keys.
    `releases` are names below `releases/` (`<release id>/release.json` and the released
    files) with their bytes. Raises NothingToExport before the first checkpoint.
    """
    standing = last_checkpoint(session)
    if standing is None:
        raise NothingToExport
    checkpoint = key.open(standing.note)
    with zipfile.ZipFile(target, "w") as bundle:
        bundle.writestr(_member(CHECKPOINT), standing.note)
        bundle.writestr(_member(VKEY), key.to_text() + "\n")
        bundle.writestr(_member(KEYS), canonical({"release": [dict(jwk) for jwk in release_keys]}) + b"\n")
        with bundle.open(_member(ENTRIES), "w", force_zip64=True) as lines:
            for index, row, leaf in entries_in_tree(session, checkpoint.size):
                lines.write(_line(index, row, leaf))
        for name, data in releases:
            bundle.writestr(_member(RELEASES + name), data)
    return checkpoint


def _line(index: int, row: AuditEntry, leaf: bytes) -> bytes:
    entry = row.to_entry().to_canonical().decode()
    return canonical({"entry": entry, "index": index, "leaf": encode(leaf), "salt": encode(row.salt)}) + b"\n"


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, BEGINNING)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member
