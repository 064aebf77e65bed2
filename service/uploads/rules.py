"""When an upload may begin and go on, and what the headers of tus 1.0.0 say."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.problems.requests import RequestInvalid, RequestTooLarge
from service.problems.uploads import (
    ChecksumUnusable,
    LengthRequired,
    MediaTypeUnsupported,
    OffsetDiffers,
    ProtocolVersionUnsupported,
    UploadQuotaExceeded,
)

VERSION = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"
DIGEST_BYTES = {"sha256": 32, "sha1": 20}
"""The checksums that a piece may carry; tuspy knows sha1 alone."""
UNFINISHED_UPLOADS = 32
"""As many uploads may a provider have begun at once: small ones would never reach the quota in bytes."""
METADATA_CHARACTERS = 1024
_METADATA_KEY = re.compile(r"[!-+\--~]+")
"""ASCII without space and comma."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the digest of a piece has to be."""

    algorithm: str
    digest: bytes


def check_version(sent: str | None) -> None:
    """Raise ProtocolVersionUnsupported for a request in any other version, or none."""
    if sent != VERSION:
        raise ProtocolVersionUnsupported


def check_length(length: int | None, *, limit: int) -> int:
    """The length of an upload that may begin; raises LengthRequired or RequestTooLarge."""
    if length is None:
        raise LengthRequired
    if length > limit:
        raise RequestTooLarge(limit_bytes=limit)
    return length


def check_quota(length: int, unfinished: Sequence[int], *, quota: int) -> None:
    """Raise UploadQuotaExceeded unless one more upload has room beside the lengths of the unfinished."""
    if len(unfinished) >= UNFINISHED_UPLOADS or length + sum(unfinished) > quota:
        raise UploadQuotaExceeded(
            quota_bytes=quota, unfinished_bytes=sum(unfinished), unfinished_uploads=len(unfinished)
        )


def check_metadata(text: str) -> str:
    """Metadata as tus writes them, keys with values in base64; raises RequestInvalid."""
    pairs = [pair.strip(" ").partition(" ") for pair in text.split(",")] if text else []
    keys = {key for key, _, _ in pairs}
    well_formed = all(_METADATA_KEY.fullmatch(key) and _decoded(value) is not None for key, _, value in pairs)
    if len(text) > METADATA_CHARACTERS or not well_formed or len(keys) < len(pairs):
        raise RequestInvalid(faults=[{"pointer": "/header/upload-metadata", "code": "metadata_invalid"}])
    return text


def check_piece(content_type: str | None, length: int | None) -> int:
    """The length of a piece; raises MediaTypeUnsupported or LengthRequired."""
    if content_type != PIECE_TYPE:
        raise MediaTypeUnsupported
    if length is None:
        raise LengthRequired
    return length


def check_fits(offset: int, length: int, *, stands_at: int, ends_at: int) -> None:
    """Raise unless a piece begins where the upload stands and does not reach past its end.

    OffsetDiffers for another place, RequestTooLarge for too long a piece.
    """
    if offset != stands_at:
        raise OffsetDiffers(offset=stands_at)
    if offset + length > ends_at:
        raise RequestTooLarge(limit_bytes=ends_at - offset)


def checksum_of(header: str | None) -> Checksum | None:
    """The checksum that an Upload-Checksum header asks for; raises ChecksumUnusable."""
    if header is None:
        return None
    algorithm, _, text = header.partition(" ")
    digest = _decoded(text)
    if digest is None or len(digest) != DIGEST_BYTES.get(algorithm):
        raise ChecksumUnusable
    return Checksum(algorithm, digest)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
