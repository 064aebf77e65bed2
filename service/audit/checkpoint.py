"""Signed checkpoints and proofs as text: C2SP signed-note, tlog-checkpoint and tlog-proof.

The formats are those of c2sp.org, so that a log can be checked by programs that are not
ours. This log writes neither extension lines nor unauthenticated `extra` data, and refuses
to read them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from service.audit.tree import HASH_BYTES

ED25519 = b"\x01"
"""Signature type of signed-note: Ed25519 over the note's text."""
KEY_HASH_BYTES = 4
SIGNATURE_LINES = 64
"""signed-note asks for at least 16: room for witnesses, not for a flood."""
NOTE_BYTES = 1 << 20
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
PROOF_HASHES = 64
"""A tree with more levels than this has more leaves than there can be."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_ORIGIN = re.compile(r"[!-*,-~]{1,200}")


class NotACheckpoint(ValueError):
    """A text that is no checkpoint, proof or key of this log, or whose signature does not hold."""


@dataclass(frozen=True)
class Checkpoint:
    """The tree's size and root, said by the log of one origin (tlog-checkpoint)."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        whole = 0 <= self.size < 1 << 63 and len(self.root) == HASH_BYTES
        if not whole or not _ORIGIN.fullmatch(self.origin):
            raise NotACheckpoint("an origin, size or root that no checkpoint has")

    @property
    def head(self) -> tuple[int, bytes]:
        """Size and root, as the tree's verifications take them."""
        return self.size, self.root

    def to_text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """The checkpoint of three lines; raises NotACheckpoint for any other text."""
        match text.split("\n"):
            case [origin, size, root, ""]:
                return cls(origin, _number(size), decode(root))
            case _:
                raise NotACheckpoint("a checkpoint is three lines")


@dataclass(frozen=True)
class LogKey:
    """The public key that a log's checkpoints are verified with."""

    origin: str
    public: bytes

    @property
    def key_hash(self) -> bytes:
        """Four bytes that tell which key made a signature (signed-note, key ID)."""
        return hashlib.sha256(self.origin.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_HASH_BYTES]

    def to_text(self) -> str:
        """The verifier key in one line: origin, key hash, type and key."""
        return f"{self.origin}+{self.key_hash.hex()}+{encode(ED25519 + self.public)}"

    @classmethod
    def from_text(cls, text: str) -> LogKey:
        """The key of a verifier key line; raises NotACheckpoint for any other text."""
        match text.split("+", 2):
            case [origin, _, key] if _ORIGIN.fullmatch(origin):
                raw = decode(key)
            case _:
                raise NotACheckpoint("not a verifier key")
        made = cls(origin, raw[1:])
        if len(raw) != 1 + HASH_BYTES or made.to_text() != text:
            raise NotACheckpoint("not an Ed25519 verifier key")
        return made

    def open(self, note: str) -> Checkpoint:
        """The checkpoint of a note that this key signed.

        Signatures of other keys (witnesses, the log's next key) are passed over, as
        signed-note demands. Raises NotACheckpoint when the note has no signature of this
        key, when one does not verify, or when the checkpoint is another log's.
        """
        text, signatures = _split(note)
        ours = [s[KEY_HASH_BYTES:] for name, s in signatures if self._made(name, s)]
        if not ours:
            raise NotACheckpoint("no signature of this log's key")
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public)
            for signature in ours:
                key.verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            raise NotACheckpoint("the signature does not verify") from None
        checkpoint = Checkpoint.from_text(text)
        if checkpoint.origin != self.origin:
            raise NotACheckpoint("a checkpoint of another log")
        return checkpoint

    def _made(self, name: str, signature: bytes) -> bool:
        return name == self.origin and signature[:KEY_HASH_BYTES] == self.key_hash


@dataclass(frozen=True)
class LogSigner:
    """The log's own key: held by the log worker alone, never shown."""

    origin: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def key(self) -> LogKey:
        """The public half."""
        return LogKey(self.origin, self.private.public_key().public_bytes_raw())

    def sign(self, size: int, root: bytes) -> str:
        """The signed note over a tree's size and root."""
        text = Checkpoint(self.origin, size, root).to_text()
        signature = encode(self.key.key_hash + self.private.sign(text.encode()))
        return f"{text}\n— {self.origin} {signature}\n"


@dataclass(frozen=True)
class LogProof:
    """That a leaf is in the tree of a signed checkpoint (tlog-proof)."""

    index: int
    hashes: tuple[bytes, ...]
    note: str

    def to_text(self) -> str:
        """The proof as one text that can be verified offline."""
        lines = [PROOF_HEADER, f"index {self.index}", *map(encode, self.hashes), "", self.note]
        return "\n".join(lines)

    @classmethod
    def from_text(cls, text: str) -> LogProof:
        """The proof of a text; raises NotACheckpoint when it is none. The note is still to be opened."""
        head, found, note = text.partition("\n\n")
        lines = head.split("\n")
        if not found or len(lines) not in range(2, 3 + PROOF_HASHES) or lines[0] != PROOF_HEADER:
            raise NotACheckpoint("not a proof")
        word, _, index = lines[1].partition(" ")
        if word != "index":
            raise NotACheckpoint("a proof without its index")
        return cls(_number(index), tuple(map(decode, lines[2:])), note)


def encode(data: bytes) -> str:
    """Base64 with padding (RFC 4648 §4), as all of these formats write it."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of canonical base64; raises NotACheckpoint for any other text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotACheckpoint("not base64") from None
    if encode(data) != text:
        raise NotACheckpoint("base64, but not in its canonical spelling")
    return data


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise NotACheckpoint("not a decimal number without leading zeroes")
    return int(text)


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """A note's text and its signatures by key name; the last empty line parts them (signed-note, Format)."""
    if len(note) > NOTE_BYTES or any(c < " " and c != "\n" for c in note):
        raise NotACheckpoint("too long, or with control characters")
    text, found, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    if not found or lines.pop() != "" or len(lines) not in range(1, SIGNATURE_LINES + 1):
        raise NotACheckpoint("not a signed note")
    matches = [_SIGNATURE.fullmatch(line) for line in lines]
    signatures = [(m["name"], decode(m["signature"])) for m in matches if m]
    if len(signatures) != len(lines):
        raise NotACheckpoint("a signature line of another form")
    return text + "\n", signatures
