"""Release packages: the released files, the gate's signature, and the proof that the log has it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from linkage_engine.contract.permit import PublicKey
from linkage_engine.contract.statements import ReleasedFile, ReleaseStatement
from service.audit.archive import RELEASE
from service.audit.canonical import canonical
from service.audit.checkpoint import encode
from service.audit.log import proof_for
from service.releases.records import Release, entry_of_signing
from service.releases.zipped import zipped
from service.signed import TextType, verified_bytes


def evidence_path(spool: Path, release_id: str, checker_id: str) -> Path:
    """Where the gate leaves the evidence sealed to one output checker."""
    return spool / "evidence" / release_id / f"{checker_id}.age"


def remove_evidence(spool: Path, release_id: str) -> None:
    """Remove what was sealed to output checkers of a release; nothing happens when there is nothing."""
    folder = spool / "evidence" / release_id
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def release_folder(spool: Path, release_id: str) -> Path:
    """Where the gate leaves the files of a release."""
    return spool / "releases" / release_id


def package_members(
    session: Session, release: Release, spool: Path, release_keys: tuple[PublicKey, ...]
) -> Iterator[tuple[str, bytes]]:
    """The members of a package: release.json, then each file that the gate's statement names.

    The signing has to be in the log's tree. Raises SignatureRefused for a statement that the
    gate did not sign, OSError for files that are missing or not the ones signed.
    """
    assert release.statement is not None
    assert release.entry_id is not None
    payload, _ = verified_bytes(release.statement, release_keys, TextType.RELEASE)
    statement = ReleaseStatement.model_validate_json(payload)
    entry, proof = entry_of_signing(session, release), proof_for(session, release.entry_id)
    assert entry is not None  # the caller has seen it in the tree
    assert proof is not None
    text = {
        "statement": json.loads(payload),
        "signature": release.statement,
        "log": {
            "entry": entry.to_entry().to_canonical().decode(),
            "salt": encode(entry.salt),
            "proof": proof.to_text(),
        },
    }
    yield RELEASE, canonical(text) + b"\n"
    for file in statement.files:
        yield file.name, _file_bytes(release_folder(spool, release.id), file)


def _file_bytes(folder: Path, file: ReleasedFile) -> bytes:
    path = folder / file.name
    if path.parent != folder:
        raise FileNotFoundError
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise FileNotFoundError
    return data


def package_bytes(
    session: Session, release: Release, spool: Path, release_keys: tuple[PublicKey, ...]
) -> bytes:
    """The package as one zip file."""
    return zipped(package_members(session, release, spool, release_keys))
