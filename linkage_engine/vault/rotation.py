"""Another at-rest key for a vault: what is wrapped is wrapped anew, and no table is written again.

1. `wrap_for_both`: each file of wraps has every key under the present and under the coming at-rest key.
2. Whoever owns the at-rest key file puts the coming key in its place, in one step.
3. `drop_other_wraps`: what the at-rest key in place does not open is dropped.
Each step may be cut anywhere and done again; between them the vault opens under the key that is in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage_engine.vault.content_keys import (
    KEY_SUFFIX,
    keep,
    key_file,
    opened,
    opens,
    secret_purpose,
    wraps_of,
)
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import PROJECT, SECRET_SUFFIX, TABLE_SUFFIX, Vault, room


@dataclass(frozen=True, slots=True)
class Lost:
    """A table or a secret whose key nothing opens."""

    project_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What a step found: files of wraps that open, and what does not."""

    files: int
    lost: tuple[Lost, ...]


@dataclass(frozen=True, slots=True)
class _Wraps:
    """A file of wraps: of which project, what for, and where."""

    project_id: str
    name: str
    purpose: str
    path: Path


def wrap_for_both(
    root: Path, present: Keystore, coming: Keystore, *, secrets: Sequence[str] = ()
) -> Rewrapped:
    """Wrap every content key and kept secret of a vault under both at-rest keys; again changes nothing.

    A table of before content keys gets a key file with the key it has. `secrets` name those that a project
    with tables has: one that nobody has asked for yet follows from the present key still, and is kept first.
    What neither key opens is left as it is. Raises `EngineRefusal`, VAULT_FULL.
    """
    vault = Vault(root, present)
    for project in _projects(root):
        for name in secrets:
            if vault.names(project.name) and not (project / name).with_suffix(SECRET_SUFFIX).exists():
                vault.secret(project.name, name)
    with room():
        found = [_for_both(file, present, coming) for file in _files(root)]
    return _told(root, present, coming, sum(found))


def drop_other_wraps(root: Path, present: Keystore) -> Rewrapped:
    """Keep only the wraps that the at-rest key opens; a file of which it opens none is left as it is.

    Raises `EngineRefusal`, VAULT_FULL.
    """
    with room():
        found = [_for_one(file, present) for file in _files(root)]
    return _told(root, present, present, sum(found))


def lost_keys(root: Path, *keystores: Keystore) -> tuple[Lost, ...]:
    """The tables and secrets that none of these at-rest keys opens, in order; no column is read."""
    return tuple(_lost(root, keystores))


def _told(root: Path, one: Keystore, other: Keystore, files: int) -> Rewrapped:
    return Rewrapped(files, lost_keys(root, one, other))


def _files(root: Path) -> Iterator[_Wraps]:
    """Every file of wraps, and the key file that a table of before content keys is to have."""
    for project in _projects(root):
        for path in sorted(project.rglob("*")):
            name = path.relative_to(project).with_suffix("").as_posix()
            if path.suffix == SECRET_SUFFIX:
                yield _Wraps(project.name, name, secret_purpose(name), path)
            elif path.suffix == KEY_SUFFIX or (path.suffix == TABLE_SUFFIX and not key_file(path).exists()):
                yield _Wraps(project.name, name, name, key_file(path))


def _projects(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.iterdir()) if path.is_dir() and PROJECT.fullmatch(path.name))


def _for_both(file: _Wraps, present: Keystore, coming: Keystore) -> bool:
    keys = _keys(file, present, coming)
    if keys:
        _keep(
            file, [each.wrapped(file.project_id, file.purpose, k) for each in (present, coming) for k in keys]
        )
    return bool(keys)


def _for_one(file: _Wraps, present: Keystore) -> bool:
    keys = _keys(file, present)
    if keys:
        _keep(file, [present.wrapped(file.project_id, file.purpose, key) for key in keys])
    return bool(keys)


def _keep(file: _Wraps, wraps: list[bytes]) -> None:
    """Write the wraps unless they are there: RFC 3394 wraps the same key the same way."""
    if not file.path.exists() or wraps_of(file.path) != wraps:
        keep(file.path, *wraps)


def _keys(file: _Wraps, *keystores: Keystore) -> tuple[bytes, ...]:
    """The keys that a file holds, each once; of a table of before content keys the one that opens it."""
    if not file.path.exists():
        table = file.path.with_suffix(TABLE_SUFFIX)
        derived = (keystore.data_key(file.project_id, file.name) for keystore in keystores)
        return tuple(dict.fromkeys(key for key in derived if opens(key, table)))
    found = (opened(keystore, file.project_id, file.purpose, file.path) for keystore in keystores)
    return tuple(dict.fromkeys(key for keys in found for key in keys))


def _lost(root: Path, keystores: tuple[Keystore, ...]) -> Iterator[Lost]:
    for file in _files(root):
        # A key file without a table is what a crash left of a first writing, and holds nothing back.
        beside = file.path if file.path.suffix == SECRET_SUFFIX else file.path.with_suffix(TABLE_SUFFIX)
        if not _keys(file, *keystores) and beside.exists():
            yield Lost(file.project_id, file.name)
