"""Keys and rights: every file that a process needs, its owner, and whether it is the one that is pinned."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from service.audit.checkpoint import LogKey, LogSigner
from service.keys import PeopleKey, Pins, log_signing_key, signing_key
from service.operate.doctor.findings import Finding, ill, watch, well
from service.operate.installation import (
    FIRST_UID,
    PRIVATE_MODE,
    PROCESSES,
    SHARED,
    SHARED_MODE,
    Home,
    user_of,
)
from service.problems.tools import KeyFolderUnusable

KEYS, RIGHTS, PINS = "keys", "rights", "pins"
RESTORE = "restore it from the backup of key files; there is no other copy"
Public = Callable[[Path], object]
"""The public half of a key file, or None where it has none."""


def _signing(path: Path) -> object:
    return signing_key(path).public


def _age(path: Path) -> object:
    return str(Identity.parse(path.read_text("ascii").strip()).recipient)


def _at_rest(path: Path) -> object:
    Keystore.from_file(path)
    return None


def _token(path: Path) -> object:
    signing_key(path)
    return None


def _people(path: Path) -> object:
    PeopleKey.from_file(path)
    return None


def key_files(home: Home, pins: Pins) -> Mapping[Path, tuple[Public, object]]:
    """Every key file of the processes: how its public half is read, and what is pinned of it."""
    log = LogKey.from_text(pins.log_vkey)
    found: dict[Path, tuple[Public, object]] = {
        home.keys("api") / "token.jwk": (_token, None),
        home.people_key: (_people, None),
        home.keys("gate") / "release.jwk": (_signing, pins.release_key),
        home.keys("log") / "log.key": (lambda path: LogSigner(log.origin, log_signing_key(path)).key, log),
    }
    for role, pinned in (("linkage", pins.linkage), ("analysis", pins.analysis), ("gate", pins.gate)):
        found[home.keys(role) / "identity.age"] = (_age, pinned.age_recipient)
        found[home.keys(role) / "at-rest.key"] = (_at_rest, None)
        if pinned.hand_over_key is not None:
            found[home.keys(role) / "hand-over.jwk"] = (_signing, pinned.hand_over_key)
    return found


def examine_keys(home: Home) -> Iterator[Finding]:
    """Pins, key files and folders of an installation; no key is shown."""
    try:
        pins = Pins.read(home.pins)
    except (OSError, ValidationError):
        yield ill(PINS, "pins.json cannot be read", "restore it from the backup of the installation's folder")
        return
    files = key_files(home, pins)
    faults = [
        finding for path, (public, pinned) in files.items() for finding in _file(home, path, public, pinned)
    ]
    yield from faults or [well(KEYS, f"{len(files)} key files are there, and are those that are pinned")]
    yield _governance(home, pins)
    yield from _folders(home)


def _file(home: Home, path: Path, public: Public, pinned: object) -> Iterator[Finding]:
    name = str(path.relative_to(home.root))
    try:
        about = path.stat()
    except OSError:
        yield ill(KEYS, f"{name} is missing", RESTORE)
        return
    owner = user_of(path.parent.name)[0] if home.read().separate_users else os.geteuid()
    if stat.S_IMODE(about.st_mode) & ~stat.S_IRUSR or about.st_uid != owner:
        yield ill(
            RIGHTS,
            f"{name} is readable by others than its process",
            f"as root: chown {owner} and chmod 0400; if somebody may have read it, replace the key",
        )
        return
    try:
        if public(path) != pinned:
            yield ill(
                KEYS, f"{name} is not the key that pins.json names", "find out which was changed, and by whom"
            )
    except (OSError, ValueError, KeyFolderUnusable, EngineRefusal):
        yield ill(KEYS, f"{name} cannot be read as a key", RESTORE)


def _governance(home: Home, pins: Pins) -> Finding:
    if not home.governance_key.exists():
        return well(KEYS, "the governance key is not on this machine")
    try:
        own = signing_key(home.governance_key).public == pins.governance_key
    except KeyFolderUnusable:
        own = False
    if not own:
        return ill(
            KEYS,
            "governance/governance.jwk is not the pinned governance key",
            "move it away, and ask governance",
        )
    return watch(
        KEYS,
        "the governance key lies beside the service: who owns this machine can sign permits",
        "move governance/ to a machine of governance's own, and sign permits there",
    )


def _folders(home: Home) -> Iterator[Finding]:
    separate = home.read().separate_users
    wrong = []
    for process in PROCESSES:
        owner = user_of(process) if separate else (os.geteuid(), os.getegid())
        for folder in (home.keys(process), home.vault(process)):
            wrong += _wrong(folder, home, PRIVATE_MODE, owner[0])
    for shared in SHARED:
        wrong += _wrong(home.root / shared, home, SHARED_MODE, None, FIRST_UID if separate else None)
    for name, mode in wrong:
        yield ill(
            RIGHTS,
            f"{name} has other rights than at set-up",
            f"as root: chmod {mode:o}, and its owner as its neighbours have",
        )
    if not wrong:
        yield well(RIGHTS, "folders of keys and vaults are closed, shared ones are the group's")


def _wrong(
    folder: Path, home: Home, mode: int, uid: int | None, gid: int | None = None
) -> list[tuple[str, int]]:
    try:
        about = folder.stat()
    except OSError:
        return [(str(folder.relative_to(home.root)), mode)]
    others = 0o001  # passing through shows nothing
    right = stat.S_IMODE(about.st_mode) & ~others == mode & ~others
    owned = uid in {None, about.st_uid} and gid in {None, about.st_gid}
    return [] if right and owned else [(str(folder.relative_to(home.root)), mode)]
