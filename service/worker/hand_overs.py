"""Sealed and signed files from one worker to another, through the spool.

The sender seals to the receiver's age key and signs digest, project and subject; the
receiver believes only that signature. Files are written aside and renamed, so that a
hand-over is there whole or not at all, and making it again replaces it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from linkage_engine.contract.permit import PublicKey
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import HandOver, HandOverKind
from service.signed import SigningKey, TextType, sign
from service.worker import trust

CHUNK = 1 << 20
ROUTES: Mapping[HandOverKind, tuple[str, str]] = {
    HandOverKind.CROSSWALK: ("linkage", "analysis"),
    HandOverKind.AGGREGATES: ("analysis", "gate"),
    HandOverKind.POPULATIONS: ("analysis", "gate"),
}
"""Who hands what to whom."""


def replace_bytes(path: Path, data: bytes) -> None:
    """Write a file whole from bytes."""

    def write(file: BinaryIO) -> None:
        file.write(data)

    replace_file(path, write)


def replace_file(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file whole: aside, to the disk, then under its name.

    What a killed writer left aside is written over: one process of a role writes a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
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


def _statement(kind: HandOverKind, project_id: str, subject_id: str, sealed_sha256: str) -> HandOver:
    sender, receiver = ROUTES[kind]
    return HandOver(
        kind=kind,
        project_id=project_id,
        subject_id=subject_id,
        sender=sender,
        receiver=receiver,
        sealed_sha256=sealed_sha256,
    )


@dataclass(frozen=True)
class HandOvers:
    """The hand-overs of one spool."""

    spool: Path

    def _path(self, kind: HandOverKind, subject_id: str) -> Path:
        return self.spool / "hand-overs" / f"{kind.value}-{subject_id}.age"

    def send(
        self,
        kind: HandOverKind,
        *,
        project_id: str,
        subject_id: str,
        key: SigningKey,
        write: Callable[[BinaryIO], None],
    ) -> str:
        """Write the sealed bytes of a hand-over and sign them; their digest."""
        path = self._path(kind, subject_id)
        replace_file(path, write)
        digest = digest_of(path)
        text = sign(_statement(kind, project_id, subject_id, digest), key, TextType.HAND_OVER)
        replace_bytes(path.with_suffix(".jws"), text.encode())
        return digest

    def receive(self, kind: HandOverKind, *, project_id: str, subject_id: str, sender: PublicKey) -> Path:
        """The sealed file of a hand-over, if the pinned sender signed it over these very bytes.

        Raises NotTrusted for a missing, altered or forged hand-over.
        """
        path = self._path(kind, subject_id)
        try:
            expected = _statement(kind, project_id, subject_id, digest_of(path))
            text = path.with_suffix(".jws").read_text("ascii")
        except (OSError, UnicodeDecodeError):
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID) from None
        trust.hand_over(text, sender, expected)
        return path
