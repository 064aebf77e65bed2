"""One machine's installation: folders, keys, pins and who owns them.

Each process gets a folder of keys that only its user can read; which folder is whose is in folders.py.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from linkage_engine.contract.permit import PublicKey
from linkage_engine.contract.value import Value
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from migrations.rights import Process
from migrations.roles import role_of
from service.audit.checkpoint import LogSigner
from service.clock import Randomness
from service.keys import PEOPLE_KEY_BYTES, PeopleKey, Pins, WorkerKeys, write_private
from service.operate.folders import (
    FIRST_UID,
    PROCESSES,
    arrange,
    closed_to,
    kept_from_writing,
    user_of,
)
from service.problems.tools import DatabaseAddressRefused
from service.signed import SigningKey

SEALED_TO = ("linkage", "analysis", "gate")
"""The workers that others seal files to."""
DRIVER = "postgresql+psycopg"
LOG_ORIGIN = "tre-linkage/log"


class Installation(Value):
    """What `up` needs to know about a machine that was set up."""

    installation: int = 1
    host: str = "127.0.0.1"
    port: int
    separate_users: bool
    database_url: str | None = None
    """PostgreSQL by unix socket, as the owner of the tables; nothing for the SQLite file of our own."""
    database_roles: bool = False
    """Whether each process has a role of its own in PostgreSQL."""


@dataclass(frozen=True)
class Home:
    """The paths of an installation."""

    root: Path

    @property
    def file(self) -> Path:
        """The installation's own description."""
        return self.root / "installation.json"

    @property
    def pins(self) -> Path:
        """The pinned public keys."""
        return self.root / "pins.json"

    @property
    def governance_key(self) -> Path:
        """The key that signs permits; a real installation keeps it elsewhere."""
        return self.root / "governance" / "governance.jwk"

    @property
    def people_key(self) -> Path:
        """The key of enrolments and sign-ins by browser."""
        return self.keys("api") / "people.key"

    @property
    def identity_provider(self) -> Path:
        """The registration of the organisation's identity provider, where there is one."""
        return self.root / "identity-provider.json"

    @property
    def database_url(self) -> str:
        """The control database."""
        return self.read().database_url or f"sqlite:///{self.root / 'control' / 'control.db'}"

    def database_url_of(self, process: str) -> str:
        """The control database as a process reaches it: by its own role, where it has one.

        The address names the file that its password lies in, for servers that ask for one.
        """
        if not self.read().database_roles:
            return self.database_url
        owner = make_url(self.database_url)
        role = role_of(str(owner.database), Process(process))
        own = owner.set(username=role).update_query_dict({"passfile": str(self.passfile(process))})
        return own.render_as_string()

    def passfile(self, process: str) -> Path:
        """The password of a process's database role, as PostgreSQL's clients read it."""
        return self.keys(process) / "database.pgpass"

    def keys(self, process: str) -> Path:
        """The key folder of a process."""
        return self.root / "keys" / process

    def vault(self, process: str) -> Path:
        """What a process keeps to itself."""
        return self.root / "vault" / process

    def log_file(self, process: str) -> Path:
        """Where a process's output goes."""
        return self.root / "logs" / f"{process}.log"

    def read(self) -> Installation:
        """The installation's description."""
        return Installation.model_validate_json(self.file.read_bytes())


def check_database_url(url: str) -> None:
    """Refuse an address that workers could not reach or that holds a secret; raises DatabaseAddressRefused.

    Workers have no network, so the server is reached by a unix socket, and the address
    lies in files and environments, so it has no password: the server knows our users.
    """
    try:
        made = make_url(url)
    except ArgumentError:
        raise DatabaseAddressRefused from None
    socket = made.query.get("host", "")
    by_socket = not made.host and isinstance(socket, str) and socket.startswith("/")
    if made.drivername != DRIVER or not made.database or made.password is not None or not by_socket:
        raise DatabaseAddressRefused


def create(home: Home, installation: Installation, *, random: Randomness) -> Pins:
    """Make an installation: folders, every key, and the file that pins them.

    Raises FileExistsError where there is one already: keys are never written over; and
    DatabaseAddressRefused.
    """
    if installation.database_url is not None:
        check_database_url(installation.database_url)
    separate_users = installation.separate_users
    home.root.mkdir(parents=True, exist_ok=False)
    home.root.chmod(0o755)
    arrange(home.root, separate_users=separate_users)
    pins = _make_keys(home, random)
    home.pins.write_text(json.dumps(pins.model_dump(mode="json"), indent=2) + "\n")
    home.file.write_text(installation.to_json() + "\n")
    if separate_users:
        for process in PROCESSES:
            for path in home.keys(process).iterdir():
                os.chown(path, *user_of(process))
    return pins


def _make_keys(home: Home, random: Randomness) -> Pins:
    workers: dict[str, WorkerKeys] = {}
    for role in SEALED_TO:
        folder = home.keys(role)
        identity = Identity.generate(random)
        write_private(folder / "identity.age", identity.secret_text() + "\n")
        Keystore.create(folder / "at-rest.key", random)
        hand_over = None if role == "gate" else _signing_key(folder / "hand-over.jwk")
        workers[role] = WorkerKeys(age_recipient=str(identity.recipient), hand_over_key=hand_over)
    _signing_key(home.keys("api") / "token.jwk")
    PeopleKey.write(home.people_key, random(PEOPLE_KEY_BYTES))
    seed = random(32)
    write_private(home.keys("log") / "log.key", base64.b64encode(seed).decode() + "\n")
    return Pins(
        governance_key=_signing_key(home.governance_key),
        release_key=_signing_key(home.keys("gate") / "release.jwk"),
        log_vkey=LogSigner(LOG_ORIGIN, Ed25519PrivateKey.from_private_bytes(seed)).key.to_text(),
        **workers,
    )


def _signing_key(path: Path) -> PublicKey:
    key = SigningKey.generate()
    write_private(path, key.to_jwk())
    return key.public


def environment(home: Home, process: str) -> Mapping[str, str]:
    """The settings of one process, as its environment: paths and addresses, no secret."""
    installation = home.read()
    common = {
        "database_url": home.database_url_of(process),
        "spool": str(home.root / "spool"),
        "status_folder": str(home.root / "status"),
        "pins": str(home.pins),
        "forbidden_paths": _listed(closed_to(process, home.root)),
        "read_only_paths": _listed(dict(kept_from_writing(process, home.root))),
    }
    own = _own_settings(home, process, installation)
    return {f"TRE_{name.upper()}": value for name, value in (common | own).items()}


def _listed(paths: Mapping[str, Path]) -> str:
    return ":".join(f"{name}={path}" for name, path in paths.items())


def _own_settings(home: Home, process: str, installation: Installation) -> dict[str, str]:
    keys, vault = home.keys(process), home.vault(process)
    if process == "api":
        # Installations that were made before there were sign-ins by browser have no key of them.
        people = {"people_key": str(home.people_key)} if home.people_key.exists() else {}
        asked = home.identity_provider
        outside = {"identity_provider": str(asked)} if asked.exists() else {}
        return (
            people
            | outside
            | {
                "host": installation.host,
                "port": str(installation.port),
                "token_key": str(keys / "token.jwk"),
            }
        )
    if process == "log":
        return {"log_key": str(keys / "log.key"), "log_memory": str(vault / "last-checkpoint")}
    held = {
        f"{process}_identity": str(keys / "identity.age"),
        f"{process}_at_rest_key": str(keys / "at-rest.key"),
        f"{process}_vault": str(vault),
    }
    if process == "gate":
        return held | {"release_key": str(keys / "release.jwk")}
    return held | {f"{process}_hand_over_key": str(keys / "hand-over.jwk")}


def share_database(home: Home) -> None:
    """Let the group read and write a SQLite database, and its WAL and shared memory, but not replace them.

    Both are made if they are not there: who made them would be alone in being able to take them away.
    """
    if home.read().database_url is None:
        for beside in ("-wal", "-shm"):
            (home.root / "control" / f"control.db{beside}").touch()
    for path in (home.root / "control").iterdir():
        path.chmod(0o660)
        if home.read().separate_users:
            os.chown(path, -1, FIRST_UID)
