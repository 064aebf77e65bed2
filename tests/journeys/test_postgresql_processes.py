"""Five real processes over a real PostgreSQL, each a role with a password, also after the server was away."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from linkage_engine.laboratory.demo.commands import service_up
from service.database import engine_for, sessions
from service.jobs import Job, JobQueue
from service.operate.folders import PROCESSES
from service.operate.installation import Home
from service.operate.main import app
from tests.databases import Server, a_server
from tests.running import until

pytestmark = [pytest.mark.process, pytest.mark.outside(tool="postgresql")]


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server(passwords=True) as started:
        yield started


def one(home: Home, statement: str) -> Any:
    with psycopg.connect(home.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
        return row and row[0]


def test_the_workers_do_jobs_and_sign_the_log_before_and_after_the_server_was_away(server: Server) -> None:
    with tempfile.TemporaryDirectory(prefix="tre-pg-home-") as folder:
        Path(folder).chmod(0o755)
        home = Home(Path(folder) / "home")
        done = CliRunner().invoke(app, ["init", str(home.root), "--port", "0", "--database", server.fresh()])
        assert done.exit_code == 0, done.output
        assert list((home.root / "control").iterdir()) == []
        divided = CliRunner().invoke(app, ["database-roles", str(home.root)])
        assert divided.exit_code == 0, divided.output
        secrets = [home.passfile(process).read_text().rpartition(":")[2].strip() for process in PROCESSES]
        assert not any(secret in divided.output for secret in secrets)
        with service_up(home.root, Path(folder) / "service.log"):
            pids = json.loads((home.root / "pids.json").read_text())
            assert pids.keys() == set(PROCESSES)
            beat = "SELECT status FROM workflow_status WHERE workflow_uuid LIKE 'heartbeat:%'"
            until("is the heartbeat's job done?", lambda: one(home, beat) == "SUCCESS")
            signed = "SELECT max(size) FROM audit_checkpoint"
            until("are four starts and a heartbeat in the tree?", lambda: (one(home, signed) or 0) >= 5)
            server.stop()
            server.start()
            before = one(home, signed)
            engine, jobs = engine_for(home.database_url), JobQueue(home.database_url)
            with sessions(engine).begin() as session:
                jobs.enqueue(session, Job.HEARTBEAT, "again")
            jobs.close()
            engine.dispose()
            until("is a job of after the pause done and entered?", lambda: one(home, signed) > before)
