"""The header of an age file: stanzas that wrap the file key, and a MAC over them.

Grammar and keys as in the age v1 specification (C2SP, age.md, "File format"). Base64 is
standard, without padding and canonical: one text for one value, or the file is refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from linkage_engine.contract.refusals import CannotUnseal, RefusalCode

HEADER_LIMIT_BYTES = 1 << 20
"""The longest header that is read: some six hundred recipients."""
_VERSION_LINE = b"age-encryption.org/v1\n"
_STANZA_LINE = re.compile(rb"->(?: [\x21-\x7e]+)+")
_MAC_LINE = re.compile(rb"--- ([A-Za-z0-9+/]{43})")
_COLUMNS = 64


@dataclass(frozen=True, slots=True)
class Stanza:
    """The file key wrapped to one recipient; the first argument names the recipient's type."""

    arguments: tuple[str, ...]
    body: bytes

    def to_bytes(self) -> bytes:
        """The stanza as lines; a body of whole lines ends with an empty one."""
        text = to_base64(self.body)
        lines = [text[start : start + _COLUMNS] for start in range(0, len(text) + 1, _COLUMNS)]
        return "\n".join((" ".join(("->", *self.arguments)), *lines, "")).encode()


@dataclass(frozen=True, slots=True)
class Header:
    """A header as read: its MAC is not verified before the file key is known."""

    stanzas: tuple[Stanza, ...]
    covered: bytes
    """What the MAC covers: the header up to and including the three hyphens."""
    mac: bytes


def header_mac(file_key: bytes, covered: bytes) -> bytes:
    """HMAC-SHA256 over the covered bytes under a key derived from the file key."""
    key = HKDF(algorithm=SHA256(), length=32, salt=b"", info=b"header").derive(file_key)
    mac = HMAC(key, SHA256())
    mac.update(covered)
    return mac.finalize()


def write_header(stanzas: Sequence[Stanza], file_key: bytes) -> bytes:
    """The header of a new file."""
    covered = _VERSION_LINE + b"".join(stanza.to_bytes() for stanza in stanzas) + b"---"
    return covered + b" " + to_base64(header_mac(file_key, covered)).encode() + b"\n"


def read_header(source: BinaryIO) -> Header:
    """Read a header strictly and leave the source at the first byte after it.

    Raises `CannotUnseal`: NOT_AN_AGE_FILE without the version line, else SEALED_FILE_DAMAGED.
    """
    if source.readline(len(_VERSION_LINE)) != _VERSION_LINE:
        raise CannotUnseal(RefusalCode.NOT_AN_AGE_FILE)
    transcript = bytearray(_VERSION_LINE)

    def next_line() -> bytes:
        line = source.readline(HEADER_LIMIT_BYTES - len(transcript))
        if not line.endswith(b"\n"):
            raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
        transcript.extend(line)
        return line[:-1]

    stanzas = []
    while (line := next_line()).startswith(b"->"):
        stanzas.append(_read_stanza(line, next_line))
    mac = _MAC_LINE.fullmatch(line)
    types = [stanza.arguments[0] for stanza in stanzas]
    if mac is None or not stanzas or ("scrypt" in types and len(types) > 1):  # a passphrase stands alone
        raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
    covered = bytes(transcript[: -len(line) - 1]) + b"---"
    return Header(tuple(stanzas), covered, from_base64(mac[1]))


def _read_stanza(opening: bytes, next_line: Callable[[], bytes]) -> Stanza:
    if _STANZA_LINE.fullmatch(opening) is None:
        raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
    body = b""
    while True:
        line = next_line()
        if len(line) > _COLUMNS:
            raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
        body += from_base64(line)
        if len(line) < _COLUMNS:
            return Stanza(tuple(opening.decode("ascii").split(" ")[1:]), body)


def to_base64(data: bytes) -> str:
    """Standard base64 without padding."""
    return base64.b64encode(data).decode("ascii").rstrip("=")


def from_base64(text: bytes) -> bytes:
    """The bytes of a canonical base64 text without padding; raises `CannotUnseal`, SEALED_FILE_DAMAGED."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED) from None
    if to_base64(data).encode() != text:
        raise CannotUnseal(RefusalCode.SEALED_FILE_DAMAGED)
    return data
