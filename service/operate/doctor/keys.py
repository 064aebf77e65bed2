"""Keys and rights: every file that a process needs, its owner, and whether it is the one that is pinned."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from linkage_engine.contract.refusals import EngineRefusal, TokenRefused
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from service.audit.checkpoint import LogKey, LogSigner
from service.keys import PeopleKey, Pins, log_signing_key, signing_key
from service.openid.provider import credential_of
from service.openid.registration import read_registration
from service.operate.doctor.findings import Finding, ill, watch, well
from service.operate.folders import OWN, SHARED, Folder, user_of
from service.operate.installation import Home
from service.operate.rotation.key_pairs import KEY_PAIRS
from service.problems.tools import IdentityProviderRefused, KeyFolderUnusable, KeyTokenRefused

KEYS, RIGHTS, PINS = "keys", "rights", "pins"
RESTORE = "restore it from the backup of key files; there is no other copy"
REPLACE = (
    "restore it from the backup of key files; if it is lost for good: tre-operate rotate HOME {} --role {}"
)
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
    yield from _identity_provider(home)
    yield _governance(home, pins)
    yield from _folders(home)


def _file(home: Home, path: Path, public: Public, pinned: object) -> Iterator[Finding]:
    name = str(path.relative_to(home.root))
    try:
        about = path.stat()
    except OSError:
        yield (
            _no_people_key(name)
            if path == home.people_key
            else ill(KEYS, f"{name} is missing", _remedy(path))
        )
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
    except TokenRefused as refusal:
        yield ill(KEYS, f"no token opens {name}: {refusal.code.value}", KeyTokenRefused.remedy)
    except (OSError, ValueError, KeyFolderUnusable, EngineRefusal):
        yield ill(KEYS, f"{name} cannot be read as a key", _remedy(path))


def _remedy(path: Path) -> str:
    kinds = {f"{pair.stem}{pair.suffix}": kind for kind, pair in KEY_PAIRS.items()}
    kind = kinds.get(path.name)
    return RESTORE if kind is None else REPLACE.format(kind, path.parent.name)


def _no_people_key(name: str) -> Finding:
    """Installations from before sign-ins by browser work without it; a lost one is not told from them."""
    return watch(
        KEYS,
        f"{name} is missing: nobody can enrol or sign in by browser",
        "restore it from the backup of key files; if there never was one, as root: "
        "tre-operate people-key HOME, then start the service again",
    )


def _identity_provider(home: Home) -> Iterator[Finding]:
    """The registration of the organisation's provider is looked at; the provider itself is not asked."""
    if not home.identity_provider.exists():
        return
    try:
        credential_of(read_registration(home.identity_provider))
    except IdentityProviderRefused:
        yield ill(
            KEYS,
            "identity-provider.json, or the key that it names, cannot be used: the api does not start",
            "tre-operate identity-provider HOME REGISTRATION, or move the file away to do without",
        )


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
    wrong = [folder for folder in (*SHARED, *OWN) if not _is_right(folder, home.root, separate=separate)]
    for folder in wrong:
        yield ill(
            RIGHTS,
            f"{folder.name} has other rights than at set-up",
            "as root: tre-operate migrate HOME puts them right; find out who changed them",
        )
    if not wrong:
        yield well(RIGHTS, "each process may write its own folders, and open nobody else's keys and vault")


def _is_right(folder: Folder, root: Path, *, separate: bool) -> bool:
    try:
        about = (root / folder.name).stat()
    except OSError:
        return False
    owned = not separate or (about.st_uid, about.st_gid) == (folder.uid, folder.gid)
    return owned and stat.S_IMODE(about.st_mode) == folder.mode
