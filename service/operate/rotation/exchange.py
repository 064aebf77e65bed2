"""A new key pair for a role: its file is swapped by one rename, and the pins name it before.

The order is made so that a crash leaves either what was, or something that the next call finishes:
`.next` is there until the swap, `.old` until nothing needs the key that leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.vault.content_keys import make_durable
from service.clock import Randomness
from service.keys import Pins
from service.locks import only_one
from service.operate.folders import acting_as
from service.operate.installation import SEALED_TO, Home
from service.operate.rotation.key_files import KeyFiles, Rotation
from service.operate.rotation.key_pairs import HAND_OVER, KEY_PAIRS, KeyPair
from service.problems.tools import KeyFolderUnusable, KeyInUse, ServiceRunning, VaultUnusable

WORKERS = (*SEALED_TO, "log")


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A key in the place of another; and, of those who still need the one that leaves, what they wait for."""

    rotation: Rotation
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """How an exchange is entered in the log, each in a transaction of its own."""

    begin: Callable[[Rotation], None]
    finish: Callable[[Rotation], None]


def exchange(
    home: Home,
    kind: str,
    role: str,
    entries: Entries,
    random: Randomness,
    *,
    waiting: Callable[[], Collection[str]],
) -> Exchanged:
    """Give a role a new key pair, or finish an exchange that was cut short or whose old key was still needed.

    `waiting` names what was sealed or signed with the key in place and was not opened yet. The old key to
    unseal is kept for that, and goes the next time; a key of hand-overs is not exchanged before. A key that
    is lost is replaced all the same. Raises ServiceRunning while a worker runs, KeyInUse, and VaultUnusable
    for files that cannot be read or written.
    """
    pair = KEY_PAIRS[kind]
    files, own = pair.files(home, role), partial(acting_as, role, separate=home.read().separate_users)
    try:
        with _stopped(home):
            if not files.cut_short:
                if kind == HAND_OVER and waiting():
                    raise KeyInUse
                with own():
                    files.aside.unlink(missing_ok=True)
                    pair.make(files.aside, random)
                rotation = Rotation(_leaving(home, pair, role, files.key), pair.of(files.aside))
                entries.begin(rotation)
                with own():
                    _move(files.aside, files.coming)
            elif not files.leaving.exists():  # cut short, and the key before was lost
                rotation = Rotation(_leaving(home, pair, role, files.key), pair.of(files.coming))
            if files.coming.exists():
                _pin(home, pair, role, files.coming)
                with own():
                    _swap(files)
            still: tuple[str, ...] = ()
            if files.leaving.exists():
                rotation, still = Rotation(pair.of(files.leaving), pair.of(files.key)), tuple(waiting())
            if not still:
                entries.finish(rotation)
                with own():
                    _drop(files.leaving)
    except (OSError, EngineRefusal, KeyFolderUnusable):
        raise VaultUnusable from None
    return Exchanged(rotation, still)


@contextmanager
def _stopped(home: Home) -> Iterator[None]:
    """While no worker runs, since each has read the pins; raises ServiceRunning where one does."""
    with ExitStack() as held:
        for worker in WORKERS:
            with acting_as(worker, separate=home.read().separate_users):
                if not held.enter_context(only_one(home.root / "status" / worker)):
                    raise ServiceRunning
        yield


def _leaving(home: Home, pair: KeyPair, role: str, path: Path) -> str:
    """The fingerprint of the key that leaves; of one that is lost, what is pinned of it."""
    try:
        return pair.of(path)
    except (OSError, ValueError, EngineRefusal, KeyFolderUnusable):
        return pair.pinned(Pins.read(home.pins), role)


def _swap(files: KeyFiles) -> None:
    if files.key.exists() and not files.leaving.exists():
        files.leaving.hardlink_to(files.key)
        make_durable(files.folder)
    _move(files.coming, files.key)


def _move(path: Path, to: Path) -> None:
    path.replace(to)
    make_durable(to.parent)


def _drop(path: Path) -> None:
    path.unlink(missing_ok=True)
    make_durable(path.parent)


def _pin(home: Home, pair: KeyPair, role: str, path: Path) -> None:
    """Have the pins name the key of a file; again changes nothing."""
    pins = Pins.read(home.pins)
    named = pair.pin(pins, role, path)
    if named == pins:
        return
    aside = home.pins.with_suffix(".partial")
    aside.write_text(named.model_dump_json(indent=2) + "\n")
    aside.chmod(home.pins.stat().st_mode & 0o777)
    _move(aside, home.pins)
