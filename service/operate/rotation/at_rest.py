"""A new at-rest key for a role: what it wraps is wrapped anew, and the key file is swapped by one rename.

Beside `at-rest.key` a rotation that has begun keeps `at-rest.next`, the coming key, until it takes its
place, and `at-rest.old`, the key that leaves, until nothing is wrapped under it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from linkage_engine.contract.refusals import EngineRefusal, TokenRefused
from linkage_engine.vault.content_keys import make_durable
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import RECORD_KEYS
from linkage_engine.vault.rotation import Lost, drop_other_wraps, wrap_for_both
from service.clock import Randomness
from service.locks import only_one
from service.operate.folders import acting_as
from service.operate.installation import Home
from service.operate.rotation.key_files import KeyFiles, Rotation
from service.problems.tools import KeyTokenRefused, ServiceRunning, VaultUnusable

SECRETS = {"gate": (RECORD_KEYS,)}
"""The secrets that projects have in a role's vault."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """A finished rotation: how many files of wraps were wrapped anew, and what nothing opens."""

    rotation: Rotation
    files: int
    lost: tuple[Lost, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """How a rotation is entered in the log, each in a transaction of its own."""

    begin: Callable[[str, Rotation], None]
    finish: Callable[[str, Rotated], None]


def rotate(
    home: Home, role: str, entries: Entries, random: Randomness, *, token: str | None = None
) -> Rotated:
    """Give a role a new at-rest key, or finish a rotation that was cut short.

    With the address of a token's key the new one opens by that token alone. It is entered before there is a
    coming key, and again before the old one is gone. Raises ServiceRunning while the role's worker runs,
    KeyTokenRefused for a token that is no use, and VaultUnusable for files that cannot be read or written.
    """
    files, separate = KeyFiles(home.keys(role)), home.read().separate_users
    try:
        with ExitStack() as held:
            with acting_as(role, separate=separate):
                alone = held.enter_context(only_one(home.root / "status" / role))
            if not alone:
                raise ServiceRunning
            if not files.cut_short:
                with acting_as(role, separate=separate):
                    rotation = _made(files, random, token)
                entries.begin(role, rotation)
            with acting_as(role, separate=separate):
                rotated = _exchanged(files, home.vault(role), SECRETS.get(role, ()))
            entries.finish(role, rotated)
            with acting_as(role, separate=separate):
                files.leaving.unlink()
                make_durable(files.folder)
    except TokenRefused as refusal:
        raise KeyTokenRefused(reason=refusal.code.value) from None
    except (OSError, EngineRefusal):
        raise VaultUnusable from None
    return rotated


def _made(files: KeyFiles, random: Randomness, token: str | None) -> Rotation:
    """A key that nothing is wrapped under yet, under a name that says nothing."""
    files.aside.unlink(missing_ok=True)
    made = Keystore.create(files.aside, random, token=token)
    return Rotation(Keystore.from_file(files.key).fingerprint(), made.fingerprint())


def _exchanged(files: KeyFiles, vault: Path, secrets: Sequence[str]) -> Rotated:
    """From where an earlier one was cut: a coming key, both wraps, the swap, and no old wrap any more."""
    if not files.cut_short:
        files.aside.replace(files.coming)
        make_durable(files.folder)
    if files.coming.exists():
        if not files.leaving.exists():
            files.leaving.hardlink_to(files.key)
        make_durable(files.folder)
        wrap_for_both(vault, Keystore.from_file(files.key), Keystore.from_file(files.coming), secrets=secrets)
        files.coming.replace(files.key)
        make_durable(files.folder)
    present = Keystore.from_file(files.key)
    rewrapped = drop_other_wraps(vault, present)
    rotation = Rotation(Keystore.from_file(files.leaving).fingerprint(), present.fingerprint())
    return Rotated(rotation, rewrapped.files, rewrapped.lost)
