"""Sealed and signed files from one worker to another, through the spool.

The sender seals to the receiver's age key and signs digest, project and subject; the
receiver believes only that signature. Files are written aside and renamed, so that a
hand-over is there whole or not at all, and making it again replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from linkage_engine.contract.permit import PublicKey
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.statements import HandOver, HandOverKind
from service.signed import SigningKey, TextType, sign
from service.worker import trust
from service.worker.files import digest_of, held_to, open_regular, replace_bytes, replace_file
from service.worker.newest import Newest, hold_to_newest

ROUTES: Mapping[HandOverKind, tuple[str, str]] = {
    HandOverKind.CROSSWALK: ("linkage", "analysis"),
    HandOverKind.AGGREGATES: ("analysis", "gate"),
    HandOverKind.POPULATIONS: ("analysis", "gate"),
}
"""Who hands what to whom."""
LONGEST_SIGNATURE_BYTES = 64 << 10
"""Far more than a statement of a hand-over takes."""


def _statement(
    kind: HandOverKind, project_id: str, subject_id: str, sealed_sha256: str, number: int | None = None
) -> HandOver:
    sender, receiver = ROUTES[kind]
    return HandOver(
        kind=kind,
        project_id=project_id,
        subject_id=subject_id,
        sender=sender,
        receiver=receiver,
        sealed_sha256=sealed_sha256,
        number=number,
    )


@dataclass(frozen=True)
class HandOvers:
    """The hand-overs of one spool."""

    spool: Path

    def _path(self, kind: HandOverKind, subject_id: str) -> Path:
        # A folder for each sender: nobody else may write there.
        return self.spool / "hand-overs" / ROUTES[kind][0] / f"{kind.value}-{subject_id}.age"

    def send(
        self,
        kind: HandOverKind,
        *,
        project_id: str,
        subject_id: str,
        key: SigningKey,
        write: Callable[[BinaryIO], None],
        number: int | None = None,
    ) -> str:
        """Write the sealed bytes of a hand-over and sign them, with a number that rises where order matters.

        Returns their digest.
        """
        path = self._path(kind, subject_id)
        replace_file(path, write)
        with open_regular(path) as file:
            digest = digest_of(file)
        text = sign(_statement(kind, project_id, subject_id, digest, number), key, TextType.HAND_OVER)
        replace_bytes(path.with_suffix(".jws"), text.encode())
        return digest

    def remove(self, kind: HandOverKind, subject_id: str) -> None:
        """Remove what this worker handed over; nothing happens when it is not there."""
        path = self._path(kind, subject_id)
        for each in (path.with_suffix(".jws"), path):
            each.unlink(missing_ok=True)

    def receive(
        self,
        kind: HandOverKind,
        *,
        project_id: str,
        subject_id: str,
        sender: PublicKey,
        newest: Path | None = None,
    ) -> BinaryIO:
        """The sealed bytes of a hand-over, if the pinned sender signed these very bytes; to be closed.

        Raises NotTrusted for a missing, altered or forged hand-over, also while it is read, and for one that
        was made before the one that `newest` notes.
        """
        path = self._path(kind, subject_id)
        try:
            file = open_regular(path)
        except OSError:
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID) from None
        try:
            digest = digest_of(file)
            with open_regular(path.with_suffix(".jws")) as signed:
                text = signed.read(LONGEST_SIGNATURE_BYTES).decode("ascii")
            statement = trust.hand_over(text, sender, _statement(kind, project_id, subject_id, digest))
            if newest is not None:
                # One from before there were numbers is older than every one that has one.
                last = Newest(number=statement.number or 0, what=digest)
                hold_to_newest(newest, last, RefusalCode.HAND_OVER_OUTDATED)
            file.seek(0)
        except (OSError, UnicodeDecodeError):
            file.close()
            raise NotTrusted(RefusalCode.HAND_OVER_INVALID) from None
        except NotTrusted:
            file.close()
            raise
        return held_to(file, digest, RefusalCode.HAND_OVER_INVALID)
