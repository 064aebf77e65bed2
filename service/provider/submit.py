"""Handing a sealed delivery to the service, and the receipt for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from linkage_engine.contract.value import RandomId, Sha256, Value
from service.client import Client
from service.keys import folder_party
from service.problems.provider_tool import ReceiptDiffers
from service.provider.package import read_manifest
from service.provider.upload import Sending, hand_over

RECEIPT_SUFFIX = ".receipt.json"
UPLOAD_SUFFIX = ".upload.json"
"""Beside the package while it is being sent: which upload to go on with."""
LOG_TRIES = 20
LOG_PAUSE_SECONDS = 0.5


class PartRows(BaseModel):
    """Rows of one part, before and now; nothing where there is no such part."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str
    rows_before: int | None
    rows: int | None


class Replaced(BaseModel):
    """The delivery that this one replaces."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    submission_id: str
    counter: int
    parts: tuple[PartRows, ...]


class Left(BaseModel):
    """How many were left out for one reason, as the service has it from the manifest."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    reason: str
    persons: int
    rows: int


class Receipt(BaseModel):
    """What of the service's answer the tool relies on; the whole answer is kept."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    submission_id: str
    sealed_sha256: Sha256
    log_index: int | None
    """Place of the receipt's entry in the audit log's tree; null until it is there."""
    replaces: Replaced | None = None
    left_out: tuple[Left, ...] = ()


class Begun(Value):
    """An upload that was begun: of which bytes, at which service."""

    upload: int = 1
    upload_id: RandomId
    service: str
    sealed_sha256: Sha256


def submit(
    package: Path,
    *,
    keys: Path,
    client: Client,
    pause: Callable[[float], None],
    reached: Callable[[int], None] = lambda _: None,
) -> Receipt:
    """Send the package, check that the receipt is for its bytes, and keep the receipt.

    Goes on with an upload that an earlier run began. Waits some seconds for the receipt's entry
    to be in the audit log. The same bytes may be sent again; the receipt stays the same. Raises
    PackageUnreadable, SignatureRefused, ReceiptDiffers, and what the client raises.
    """
    manifest = read_manifest(package, folder_party(keys).signing_key)
    with package.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        note = package.with_name(package.name + UPLOAD_SUFFIX)
        begun = Begun(upload_id="0" * 32, service=client.address, sealed_sha256=digest)
        sending = Sending(
            client=client,
            project_id=manifest.project_id,
            file=file,
            length=package.stat().st_size,
            pause=pause,
            began=partial(_remember, note, begun),
            reached=reached,
        )
        answer = hand_over(sending, _remembered(note, begun))
    receipt = _kept(package, answer, digest, client=client, pause=pause)
    note.unlink(missing_ok=True)
    return receipt


def _remember(note: Path, begun: Begun, upload_id: str) -> None:
    aside = note.with_name(f".{note.name}")
    aside.write_text(begun.model_copy(update={"upload_id": upload_id}).to_json() + "\n", encoding="utf-8")
    aside.replace(note)


def _remembered(note: Path, begun: Begun) -> str | None:
    """The upload of a note that is about these bytes and this service; any other note is out of date."""
    try:
        noted = Begun.model_validate_json(note.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return noted.upload_id if noted == begun.model_copy(update={"upload_id": noted.upload_id}) else None


def _kept(
    package: Path,
    answer: Any,  # noqa: ANN401  # JSON
    digest: str,
    *,
    client: Client,
    pause: Callable[[float], None],
) -> Receipt:
    """The receipt, kept beside the package once it is for the right bytes and, if soon, in the log."""
    receipt = _receipt(answer, digest)
    for _ in range(LOG_TRIES):
        if receipt.log_index is not None:
            break
        pause(LOG_PAUSE_SECONDS)
        answer = client.get(f"/submissions/{receipt.submission_id}")
        receipt = _receipt(answer, digest)
    kept = package.with_name(package.name + RECEIPT_SUFFIX)
    kept.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")
    return receipt


def _receipt(answer: Any, digest: str) -> Receipt:  # noqa: ANN401  # JSON
    try:
        receipt = Receipt.model_validate(answer)
    except ValidationError:
        raise ReceiptDiffers from None
    if receipt.sealed_sha256 != digest:
        raise ReceiptDiffers
    return receipt
