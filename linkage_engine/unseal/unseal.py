"""Unsealing: an age file is opened chunk by chunk, or refused with one of four codes."""

from __future__ import annotations

import hmac
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag

from linkage_engine.contract.refusals import CannotUnseal, RefusalCode
from linkage_engine.sealing.header import Header, header_mac, read_header
from linkage_engine.sealing.stream import CHUNK_BYTES, NONCE_BYTES, TAG_BYTES, chunk_nonce, payload_cipher
from linkage_engine.unseal.identity import Identity


def unseal(
    source: BinaryIO, target: BinaryIO, *, identities: Sequence[Identity], limit_bytes: int | None = None
) -> int:
    """Write the plaintext of a sealed file to a target and return its size in bytes.

    The protocol (C2SP age.md):
      1. read the header in its strict grammar; a scrypt stanza stands alone;
      2. unwrap the file key with one of the identities;
      3. verify the header's MAC under the file key;
      4. read the nonce and derive the payload key;
      5. open chunk after chunk; only the last is marked last, and it is empty only in an empty file;
      6. stop before the plaintext exceeds the limit.
    What the caller MUST do: throw the target away when this raises, for the chunks before a fault have
    been written (`unseal_to_memory` does so); and verify who sealed the file, which age does not say.

    Raises `CannotUnseal`: NOT_AN_AGE_FILE (1), SEALED_TO_ANOTHER_KEY (2), SEALED_FILE_TOO_LARGE (6), or
    SEALED_FILE_DAMAGED (1 to 5).
    """
    header = read_header(source)  # 1
    file_key = _unwrap(header, identities)  # 2
    size_bytes = 0
    for plaintext in open_payload(source, header, file_key):  # 3 to 5
        size_bytes += len(plaintext)
        if limit_bytes is not None and size_bytes > limit_bytes:  # 6
            raise CannotUnseal(RefusalCode.SEALED_FILE_TOO_LARGE, limit_bytes=limit_bytes)
        target.write(plaintext)
    return size_bytes


def unseal_to_memory(
    source: BinaryIO, *, identities: Sequence[Identity], limit_bytes: int | None = None
) -> bytes:
    """The whole plaintext or nothing; raises as `unseal` does. For `pyarrow.BufferReader`, without a copy."""
    target = io.BytesIO()
    unseal(source, target, identities=identities, limit_bytes=limit_bytes)
    return target.getvalue()


def unseal_bytes(sealed: bytes, *, identities: Sequence[Identity], limit_bytes: int | None = None) -> bytes:
    """The plaintext of a sealed file held in memory; raises as `unseal` does."""
    return unseal_to_memory(io.BytesIO(sealed), identities=identities, limit_bytes=limit_bytes)


def _unwrap(header: Header, identities: Sequence[Identity]) -> bytes:
    """The file key; every stanza of our type is held to its shape before any is believed."""
    keys = [
        file_key
        for stanza in header.stanzas
        for identity in identities
        if (file_key := identity.unwrap(stanza)) is not None
    ]
    if not keys:
        raise CannotUnseal(RefusalCode.SEALED_TO_ANOTHER_KEY)
    return keys[0]


def open_payload(source: BinaryIO, header: Header, file_key: bytes) -> Iterator[bytes]:
    """Steps 3 to 5: the chunks in clear, each authenticated; the source stands behind the header."""
    if not hmac.compare_digest(header_mac(file_key, header.covered), header.mac):
        raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
    nonce = _read(source, NONCE_BYTES)
    if len(nonce) != NONCE_BYTES:
        raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
    cipher = payload_cipher(file_key, nonce)
    number, sealed = 0, _read(source, CHUNK_BYTES + TAG_BYTES)
    while sealed or number == 0:
        following = _read(source, CHUNK_BYTES + TAG_BYTES)
        try:
            plaintext = cipher.decrypt(chunk_nonce(number, is_last=not following), sealed, None)
        except InvalidTag:
            raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED) from None
        if number and not plaintext:
            raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
        yield plaintext
        number, sealed = number + 1, following


def _read(source: BinaryIO, size_bytes: int) -> bytes:
    """Bytes up to a size; fewer only at the end, even where the source hands them out in pieces."""
    pieces = []
    while size_bytes and (piece := source.read(size_bytes)):
        pieces.append(piece)
        size_bytes -= len(piece)
    return b"".join(pieces)
