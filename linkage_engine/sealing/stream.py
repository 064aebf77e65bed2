"""The payload of an age file: ChaCha20-Poly1305 over chunks of 64 KiB (STREAM).

The nonce counts the chunks and marks the last, so that a file cut, reordered or prolonged at a
chunk's border does not open (Hoang, Reyhanitabar, Rogaway and Vizár, "Online authenticated
encryption and its nonce-reuse misuse-resistance", 2015).
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
NONCE_BYTES = 16
"""The nonce of a file, from which the payload key is derived."""
_COUNTER_BYTES = 11


def payload_cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    """The cipher of one file's payload."""
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=nonce, info=b"payload").derive(file_key))


def chunk_nonce(number: int, *, is_last: bool) -> bytes:
    """The nonce of a chunk, counted from nought."""
    return number.to_bytes(_COUNTER_BYTES, "big") + bytes([is_last])
