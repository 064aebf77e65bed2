"""Keys that others know the public half of: which there are, how each is made, and where it is pinned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from linkage_engine.unseal.identity import Identity
from service.access.actions import named
from service.clock import Randomness
from service.keys import FINGERPRINT_DIGITS, Pins, recipient_sha256, signing_key, write_private
from service.operate.installation import Home
from service.operate.rotation.key_files import KeyFiles
from service.signed import SigningKey, thumbprint

NOT_PINNED = "not-pinned"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One kind of key: its file, whose it is, and what `pins.json` says of it.

    `of` is the fingerprint of a key file, `pinned` the one that the pins name for a role, `pin` the pins that
    name the key of a file.
    """

    stem: str
    suffix: str
    roles: tuple[str, ...]
    make: Callable[[Path, Randomness], None]
    of: Callable[[Path], str]
    pinned: Callable[[Pins, str], str]
    pin: Callable[[Pins, str, Path], Pins]

    def files(self, home: Home, role: str) -> KeyFiles:
        """Where a role's key of this kind lies."""
        return KeyFiles(home.keys(role), self.stem, self.suffix)


def _recipient(path: Path) -> str:
    return str(Identity.parse(path.read_text("ascii").strip()).recipient)


def _of_recipient(recipient: str) -> str:
    return recipient_sha256(recipient)[:FINGERPRINT_DIGITS]


def _make_identity(path: Path, random: Randomness) -> None:
    write_private(path, Identity.generate(random).secret_text() + "\n")


def _make_signing_key(path: Path, _: Randomness) -> None:
    write_private(path, SigningKey.generate().to_jwk())


def _of_signing_key(path: Path) -> str:
    return named(thumbprint(signing_key(path).public))


def _pin_recipient(pins: Pins, role: str, path: Path) -> Pins:
    of_role = getattr(pins, role).model_copy(update={"age_recipient": _recipient(path)})
    return pins.model_copy(update={role: of_role})


def _pin_release_key(pins: Pins, _: str, path: Path) -> Pins:
    coming = signing_key(path).public
    if coming == pins.release_key:
        return pins
    retired = (pins.release_key, *pins.retired_release_keys)
    return pins.model_copy(update={"release_key": coming, "retired_release_keys": retired})


def _pin_hand_over_key(pins: Pins, role: str, path: Path) -> Pins:
    known, coming = getattr(pins, role), signing_key(path).public
    if coming == known.hand_over_key:
        return pins
    changed = {"hand_over_key": coming, "retired_hand_over_keys": known.certifying_keys}
    return pins.model_copy(update={role: known.model_copy(update=changed)})


UNSEALING, RELEASE, HAND_OVER, TOKEN = "unsealing", "release", "hand-over", "token"
KEY_PAIRS: Mapping[str, KeyPair] = {
    UNSEALING: KeyPair(
        "identity",
        ".age",
        ("linkage", "analysis", "gate"),
        _make_identity,
        lambda path: _of_recipient(_recipient(path)),
        lambda pins, role: _of_recipient(getattr(pins, role).age_recipient or ""),
        _pin_recipient,
    ),
    HAND_OVER: KeyPair(
        "hand-over",
        ".jwk",
        ("linkage", "analysis"),
        _make_signing_key,
        _of_signing_key,
        lambda pins, role: named(thumbprint(getattr(pins, role).hand_over_key)),
        _pin_hand_over_key,
    ),
    RELEASE: KeyPair(
        "release",
        ".jwk",
        ("gate",),
        _make_signing_key,
        _of_signing_key,
        lambda pins, _: named(thumbprint(pins.release_key)),
        _pin_release_key,
    ),
    TOKEN: KeyPair(
        "token",
        ".jwk",
        ("api",),
        _make_signing_key,
        _of_signing_key,
        lambda *_: NOT_PINNED,
        lambda pins, *_: pins,
    ),
}
