"""Handing a sealed delivery to the service, and the receipt for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from linkage_engine.contract.value import Sha256
from service.client import Client
from service.keys import folder_party
from service.problems.provider_tool import ReceiptDiffers
from service.provider.package import read_manifest

CHUNK_BYTES = 1 << 20
CONTENT_TYPE = "application/x-tar"
RECEIPT_SUFFIX = ".receipt.json"
LOG_TRIES = 20
LOG_PAUSE_SECONDS = 0.5


class Receipt(BaseModel):
    """What of the service's answer the tool relies on; the whole answer is kept."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    submission_id: str
    sealed_sha256: Sha256
    log_index: int | None
    """Place of the receipt's entry in the audit log's tree; null until it is there."""


def submit(package: Path, *, keys: Path, client: Client, pause: Callable[[float], None]) -> Receipt:
    """Stream the package in one request, check that the receipt is for its bytes, and keep the receipt.

    Waits some seconds for the receipt's entry to be in the audit log. The same bytes may be sent again
    after a broken connection; the receipt stays the same. Raises
    PackageUnreadable, SignatureRefused, ReceiptDiffers, and what the client raises.
    """
    manifest = read_manifest(package, folder_party(keys).signing_key)
    with package.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    answer = client.upload(
        f"/projects/{manifest.project_id}/submissions",
        _chunks(package),
        length=package.stat().st_size,
        content_type=CONTENT_TYPE,
    )
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


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
