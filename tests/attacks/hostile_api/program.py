"""The api, taken over: run as its user, with its settings; tells what it tried and what became of it."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

import service
from migrations.tables import RECORDS
from service.database import engine_for, sessions
from service.jobs import JobQueue
from service.settings import ApiSettings, settings_for
from service.signed import SigningKey
from tests.attacks.hostile_api.forgeries import FORGERIES, Forger
from tests.attacks.hostile_api.reach import attempts

LOG_TABLES = ("audit_entry", "audit_leaf", "audit_node", "audit_checkpoint")
SUCCEEDED = "succeeded"


def outcome(act: Callable[[], object]) -> str:
    """How the system refused, or that it did not."""
    try:
        act()
    except OSError as refused:
        return errno.errorcode.get(refused.errno or 0, type(refused).__name__)
    return SUCCEEDED


def reach(told: dict[str, Any]) -> dict[str, str]:
    """Try everything at files and processes, as one process each would be too slow: none changes another."""
    home = settings_for(ApiSettings, os.environ).pins.parent
    code = Path(service.__file__).parent
    tried = attempts(home, told["pids"], told["supervisor"], code)
    return {name: outcome(act) for name, act in tried.items()}


def forge(told: dict[str, Any]) -> dict[str, list[str]]:
    """Write every forgery; which row tells what became of each."""
    url = settings_for(ApiSettings, os.environ).database_url
    assert RECORDS  # every table is known, so that rows can be written in order
    jobs, made = JobQueue(url), {}
    with sessions(engine_for(url))() as session:
        forger = Forger(
            session=session,
            jobs=jobs,
            project=told["project"],
            other_project=told["other_project"],
            question=told["question"],
            awaiting=tuple(told["awaiting"]),
            key=SigningKey.generate(),
        )
        for name, forgery in FORGERIES.items():
            made[name] = list(forgery(forger))
        session.commit()
    jobs.close()
    return made


def edit_log(_: dict[str, Any]) -> dict[str, str]:
    """Change and delete rows of the log through the api's account of the database."""
    engine = engine_for(settings_for(ApiSettings, os.environ).database_url)
    tried = {}
    for table in LOG_TABLES:
        column = sa.inspect(engine).get_columns(table)[-1]["name"]
        for verb, statement in {
            "change": f"UPDATE {table} SET {column} = {column}",
            "delete": f"DELETE FROM {table}",
        }.items():
            tried[f"{verb} rows of {table}"] = _refusal(engine, statement)
    engine.dispose()
    return tried


def _refusal(engine: sa.Engine, statement: str) -> str:
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
            connection.rollback()  # the harness needs the log
    except DBAPIError as refused:
        return type(refused).__name__
    return SUCCEEDED


ACTS: dict[str, Callable[[dict[str, Any]], object]] = {"reach": reach, "forge": forge, "edit-log": edit_log}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(ACTS[sys.argv[1]](json.loads(sys.argv[2]))))
