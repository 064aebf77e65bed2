"""Key folders of people and programs, and the file of public keys that a machine pins."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from linkage_engine.contract.permit import Party, PublicKey, Role
from linkage_engine.contract.value import Value
from service.problems.tools import KeyFolderUnusable, SignatureRefused
from service.signed import SigningKey

SIGNING = "signing.jwk"
AGE = "age.key"
PUBLIC = "public.json"
OTHERS = 0o077
FINGERPRINT_DIGITS = 32
PEOPLE_KEY_BYTES = 32


def recipient_sha256(recipient: str) -> str:
    """The SHA-256 of a recipient's text, in hexadecimal."""
    return hashlib.sha256(recipient.encode()).hexdigest()


def fingerprint(recipient: str) -> str:
    """Thirty-two hexadecimal digits of a recipient's SHA-256, in groups that can be read out."""
    return in_groups(recipient_sha256(recipient))


def in_groups(digest: str) -> str:
    """The first thirty-two digits of a hexadecimal digest, in groups that can be read out."""
    return " ".join(digest[at : at + 4] for at in range(0, FINGERPRINT_DIGITS, 4))


class WorkerKeys(Value):
    """What one worker shows of itself: who can be written to, and whose hand-overs are believed."""

    age_recipient: str | None = None
    hand_over_key: PublicKey | None = None
    retired_hand_over_keys: tuple[PublicKey, ...] = ()
    """What it certified with before; of hand-overs only the key in place is believed."""

    @property
    def certifying_keys(self) -> tuple[PublicKey, ...]:
        """The key of its hand-overs, which it certifies with as well, and those before it."""
        return (*([self.hand_over_key] if self.hand_over_key else []), *self.retired_hand_over_keys)


class Pins(Value):
    """The public keys that the processes of this machine believe: written at set-up, changed by ceremony."""

    pins: int = 1
    governance_key: PublicKey
    linkage: WorkerKeys
    analysis: WorkerKeys
    gate: WorkerKeys
    release_key: PublicKey
    log_vkey: str
    retired_release_keys: tuple[PublicKey, ...] = ()
    """What the gate signed with before: what was released then is believed for ever."""

    @property
    def release_keys(self) -> tuple[PublicKey, ...]:
        """The gate's key and those before it."""
        return (self.release_key, *self.retired_release_keys)

    @classmethod
    def read(cls, path: Path) -> Pins:
        """The pins of a file."""
        return cls.model_validate_json(path.read_bytes())


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner reads; raises FileExistsError rather than replace a key."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        file.write(text)


def make_key_folder(
    folder: Path, *, principal_id: str, name: str, role: Role, age: tuple[str, str] | None = None
) -> Party:
    """Make a principal's keys and return the public half that an operator registers.

    `age` is an identity and its recipient, for those to whom others seal: evidence to
    output checkers, the project linkage secret to providers. Raises KeyFolderUnusable when
    the folder holds keys already.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = SigningKey.generate()
    party = Party(
        principal_id=principal_id,
        name=name,
        role=role,
        signing_key=key.public,
        age_recipient=age[1] if age else None,
    )
    try:
        write_private(folder / SIGNING, key.to_jwk())
        if age:
            write_private(folder / AGE, age[0] + "\n")
    except FileExistsError:
        raise KeyFolderUnusable from None
    (folder / PUBLIC).write_text(json.dumps(party.model_dump(mode="json"), indent=2) + "\n")
    return party


def others_can_read(path: Path) -> bool:
    """Whether anybody but the owner may read a file, as far as the system's mode bits can say."""
    # Windows shows every file as readable by all; its own access lists are not looked at.
    return os.name == "posix" and bool(path.stat().st_mode & OTHERS)


def signing_key(path: Path) -> SigningKey:
    """The private key of a file that nobody else can read; raises KeyFolderUnusable otherwise."""
    try:
        if others_can_read(path):
            raise KeyFolderUnusable
        return SigningKey.from_jwk(path.read_text())
    except (OSError, UnicodeDecodeError, SignatureRefused):
        raise KeyFolderUnusable from None


class PeopleKey:
    """The api's secret key of enrolments and sign-ins by browser; shows nothing of itself."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def from_file(cls, path: Path) -> PeopleKey:
        """The key of a file that nobody else can read; raises KeyFolderUnusable otherwise."""
        try:
            secret = base64.b64decode(path.read_text("ascii").strip(), validate=True)
            if others_can_read(path) or len(secret) != PEOPLE_KEY_BYTES:
                raise KeyFolderUnusable
        except (OSError, ValueError):
            raise KeyFolderUnusable from None
        return cls(secret)

    @staticmethod
    def write(path: Path, secret: bytes) -> None:
        """Write a new key's file, which only its owner reads."""
        write_private(path, base64.b64encode(secret).decode() + "\n")

    def mac(self, purpose: str, message: bytes) -> bytes:
        """HMAC-SHA-256 of a message for one purpose: what serves for one never serves for another."""
        own = hmac.digest(self._secret, purpose.encode(), "sha256")
        return hmac.digest(own, message, "sha256")

    def __repr__(self) -> str:
        return "PeopleKey()"


def log_signing_key(path: Path) -> Ed25519PrivateKey:
    """The log's private key of a file that nobody else can read; raises KeyFolderUnusable otherwise."""
    try:
        if others_can_read(path):
            raise KeyFolderUnusable
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_text().strip(), validate=True))
    except (OSError, ValueError):
        raise KeyFolderUnusable from None


def read_party(path: Path) -> Party:
    """The public half of somebody's keys; raises KeyFolderUnusable for a file that is none."""
    try:
        return Party.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise KeyFolderUnusable from None


def folder_party(folder: Path) -> Party:
    """Who a key folder belongs to."""
    return read_party(folder / PUBLIC)


def folder_key(folder: Path) -> SigningKey:
    """The signing key of a key folder."""
    return signing_key(folder / SIGNING)


def age_identity_text(folder: Path) -> str:
    """The age identity of a key folder, as text."""
    path = folder / AGE
    try:
        if others_can_read(path):
            raise KeyFolderUnusable
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise KeyFolderUnusable from None
