"""A role of PostgreSQL for each process: made with new passwords, each in a file of its process alone."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import ProgrammingError

from migrations.rights import Process
from migrations.roles import give_rights, make_roles, role_of
from service.clock import Randomness
from service.database import engine_for
from service.keys import write_private
from service.operate.folders import user_of
from service.operate.installation import Home
from service.problems.tools import DatabaseRolesRefused

PASSWORD_BYTES = 24
NOT_PERMITTED = "42501"
"""insufficient_privilege (PostgreSQL, appendix A)."""


def divide(home: Home, random: Randomness) -> Mapping[str, str]:
    """Give each process a role of its own, with a new password and the rights of this version; their names.

    Doing it again changes the passwords. The old ones serve until then, and what is connected stays so.
    Raises DatabaseRolesRefused, having changed nothing.
    """
    made = {process: base64.urlsafe_b64encode(random(PASSWORD_BYTES)).decode() for process in Process}
    with _owner(home) as connection:
        database = str(connection.engine.url.database)
        make_roles(connection, made)
        give_rights(connection)
        # Before the commit: a role whose password is nowhere would lock its process out.
        for process, password in made.items():
            _keep(home, process, f"*:*:{database}:{role_of(database, process)}:{password}\n")
    divided = home.read().model_copy(update={"database_roles": True})
    partial = home.file.with_suffix(".partial")
    partial.write_text(divided.to_json() + "\n")
    partial.replace(home.file)
    return {process.value: role_of(database, process) for process in Process}


def refresh_rights(home: Home) -> None:
    """The rights of this version, for roles that are there: a new table is nobody's before."""
    with _owner(home) as connection:
        give_rights(connection)


@contextmanager
def _owner(home: Home) -> Iterator[Connection]:
    if home.read().database_url is None:
        raise DatabaseRolesRefused
    engine = engine_for(home.database_url)
    try:
        with engine.begin() as connection:
            yield connection
    except ProgrammingError as fault:
        if getattr(fault.orig, "sqlstate", None) == NOT_PERMITTED:
            raise DatabaseRolesRefused from None
        raise
    finally:
        engine.dispose()


def _keep(home: Home, process: Process, line: str) -> None:
    path: Path = home.passfile(process)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    write_private(partial, line)
    if home.read().separate_users:
        os.chown(partial, *user_of(process.value))
    partial.replace(path)
