"""Sealed and signed files from one worker to another, through the spool.

The sender seals to the receiver's age key and signs digest, project and subject; the
receiver believes only that signature. Files are written aside and renamed, so that a
hand-over is there whole or not at all, and making it again replaces it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from linkage_engine.contract.permit import PublicKey
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import HandOver, HandOverKind
from service.signed import SigningKey, TextType, sign
from service.worker import trust

CHUNK = 1 << 20


def replace_file(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file whole: aside, to the disk, then under its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _path(spool: Path, kind: HandOverKind, subject_id: str) -> Path:
    return spool / "hand-overs" / f"{kind.value}-{subject_id}.age"


def send(spool: Path, about: HandOver, key: SigningKey, write: Callable[[BinaryIO], None]) -> HandOver:
    """Write the sealed bytes and the signed statement of a hand-over; its digest is filled in."""
    path = _path(spool, about.kind, about.subject_id)
    replace_file(path, write)
    made = about.model_copy(update={"sealed_sha256": digest_of(path)})
    text = sign(made, key, TextType.HAND_OVER).encode()
    replace_file(path.with_suffix(".jws"), lambda file: _write(file, text))
    return made


def _write(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def receive(spool: Path, about: HandOver, sender: PublicKey) -> Path:
    """The sealed file of a hand-over, if the pinned sender signed it over these very bytes.

    Raises NotTrusted for a missing, altered or forged hand-over.
    """
    path = _path(spool, about.kind, about.subject_id)
    try:
        expected = about.model_copy(update={"sealed_sha256": digest_of(path)})
        text = path.with_suffix(".jws").read_text("ascii")
    except (OSError, UnicodeDecodeError):
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID) from None
    trust.hand_over(text, sender, expected)
    return path
