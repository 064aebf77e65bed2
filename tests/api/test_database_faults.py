"""The control database is busy, full, read-only or gone: a named refusal, and nothing half done."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from httpx2 import Response
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

import migrations
from service.database import DatabaseFault, engine_for, fault_of
from service.problems.catalogue import CATALOGUE
from tests.at_work import STAGES, AtWork, Prepared, at_work
from tests.databases import Databases, Server, a_server, file_of
from tests.factories import PROJECT

HOLDER = """
import sys
from service.database import engine_for
with engine_for(sys.argv[1]).begin():
    print("held", flush=True)
    sys.stdin.read()
"""
ACTS: dict[str, Callable[[AtWork], Response]] = {
    "sign in": lambda service: service.sign_in(service.assertion("rosalind")),
    "look": lambda service: service.get("oliver", f"/projects/{PROJECT}"),
    "deliver": lambda service: service.send("northern-trust", service.package("northern-trust", counter=2)),
    "decide": lambda service: service.decide("cheng", service.release_id()),
    "be refused": lambda service: service.get("oliver", "/projects/no-such-project"),
    "be nobody": lambda service: service.client.get(f"/projects/{PROJECT}"),
}


def refused(answer: Response, slug: str) -> None:
    kind = CATALOGUE[slug]
    assert (answer.status_code, answer.json()["type"]) == (kind.status, f"/problems/{slug}"), answer.text
    assert answer.json()["remedy"] == kind.remedy
    assert (answer.headers.get("retry-after") is not None) == (kind.status == 503)


def state(service: AtWork) -> tuple[object, ...]:
    """All that an act could have half done."""
    files = sorted(path.name for path in service.here.settings.spool.rglob("*") if path.is_file())
    return service.entries(), service.jobs(), files


@contextmanager
def held_by_another_process(url: str) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.communicate(timeout=30)


@pytest.mark.both_databases
def test_a_write_lock_held_too_long_is_said_and_the_next_request_works(
    tmp_path: Path, shared: Prepared, copied: Callable[[str], str]
) -> None:
    url = copied(shared.urls["awaiting"])
    with at_work(tmp_path, shared, url, database_wait_seconds=0.2) as service:
        service.release_id()
        before = state(service)
        with held_by_another_process(url):
            for act in ACTS.values():
                refused(act(service), "database-busy")
            assert service.client.get("/health").status_code == 200
            assert state(service) == before
        assert [act(service).status_code for act in ACTS.values()] == [200, 200, 201, 201, 404, 401]


@contextmanager
def every_connection(service: AtWork, statement: str) -> Iterator[None]:
    """The api's connections are made again, each with a statement first."""
    engines = [made.kw["bind"] for made in (service.here.sessions, service.here.view_sessions)]

    def on_connect(connection: object, _: object) -> None:
        connection.execute(statement)  # type: ignore[attr-defined]  # the DBAPI's own object

    for engine in engines:
        engine.dispose()
        event.listen(engine, "connect", on_connect)
    yield
    for engine in engines:
        event.remove(engine, "connect", on_connect)
        engine.dispose()


def test_a_full_database_answers_nothing_that_it_could_not_enter(awaiting: AtWork) -> None:
    with awaiting.looking() as session:
        pages = session.execute(sa.text("PRAGMA page_count")).scalar()
    awaiting.token("oliver")
    before = len(awaiting.entries())
    answers: list[Response] = []
    with every_connection(awaiting, f"PRAGMA max_page_count={pages}"):
        while not answers or (answers[-1].status_code == 200 and len(answers) < 200):
            answers.append(ACTS["look"](awaiting))
        refused(answers[-1], "database-full")
        full = state(awaiting)
        refused(ACTS["deliver"](awaiting), "database-full")
        assert state(awaiting) == full
    assert len(awaiting.entries()) - before == len(answers) - 1
    assert [act(awaiting).status_code for act in ACTS.values()] == [200, 200, 201, 201, 404, 401]


@pytest.mark.both_databases
def test_a_database_that_cannot_be_written_to_gives_no_answer_that_needs_an_entry(
    tmp_path: Path, shared: Prepared, copied: Callable[[str], str], databases: Databases
) -> None:
    url = read_only = copied(shared.urls["awaiting"])
    if isinstance(databases, Server):
        databases.run(f"ALTER DATABASE {sa.make_url(url).database} SET default_transaction_read_only = on")
    else:
        read_only = f"sqlite:///file:{file_of(url)}?mode=ro&uri=true"
    with at_work(tmp_path, shared, read_only) as service:
        before = state(service)
        for act in ACTS.values():
            refused(act(service), "database-read-only")
        assert state(service) == before


@pytest.mark.outside(tool="postgresql")
def test_a_server_that_is_down_is_said_and_the_api_goes_on_when_it_is_back(
    tmp_path: Path, shared: Prepared
) -> None:
    with a_server() as server:
        url = server.fresh()
        migrations.upgrade(url)
        with at_work(tmp_path, shared, url) as service:
            STAGES["registered"](service)
            before = state(service)
            server.stop()
            for act in ("sign in", "look", "deliver", "be nobody"):
                refused(ACTS[act](service), "database-unreachable")
            assert service.client.get("/health").status_code == 200
            server.start()
            back = time.monotonic()
            assert state(service) == before
            assert ACTS["sign in"](service).status_code == 200
            assert time.monotonic() - back < 5


@pytest.mark.outside(tool="postgresql")
@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ("53100", DatabaseFault.FULL),
        ("40001", DatabaseFault.BUSY),
        ("40P01", DatabaseFault.BUSY),
        ("57014", DatabaseFault.BUSY),
        ("57P03", DatabaseFault.UNREACHABLE),
        ("53300", DatabaseFault.UNREACHABLE),
        ("08006", DatabaseFault.UNREACHABLE),
        ("22012", None),
    ],
)
def test_the_servers_codes_are_faults_with_names(
    postgresql: Server, state: str, fault: DatabaseFault | None
) -> None:
    url = postgresql.fresh()
    engine = engine_for(url)
    with pytest.raises(DBAPIError) as raised, engine.begin() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")
    assert fault_of(raised.value) is fault
    engine.dispose()
    postgresql.drop(url)
