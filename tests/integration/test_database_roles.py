"""Each process under a role of its own in a real PostgreSQL: everything works, and nothing else does."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from migrations.rights import RIGHTS, Process
from migrations.roles import columns_of, differences, give_rights, role_of
from migrations.tables import METADATA
from service.audit.tally import tally_refusal
from service.audit.vocabulary import Action
from service.command_line import run
from service.jobs import Job, WorkerRole
from service.operate.database_roles import divide
from service.operate.doctor.control import examine_rights
from service.operate.doctor.findings import State
from service.operate.installation import Home
from service.operate.main import app
from service.releases.rules import ReleaseState
from service.worker.log_role import _beat
from tests.databases import Server
from tests.integration.cast import CHECKERS, the_cast
from tests.integration.extracts import REGISTRY, registry_files
from tests.integration.stages import STORY, opened
from tests.integration.test_destructions import OF_PROJECT, closed
from tests.integration.test_destructions import withdrawn as taken_back
from tests.integration.test_log_worker import a_round, settings_of
from tests.integration.test_preflight_jobs import asked as asked_preflight
from tests.integration.test_withdrawals import withdrawn
from tests.integration.workshop import Workshop
from tests.statements import Asked, given

pytestmark = pytest.mark.outside(tool="postgresql")

NOT_PERMITTED = "42501"
"""insufficient_privilege, also of a row that no policy lets in."""
EVERYBODY = (
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_shadow",
    "COPY project TO PROGRAM 'true'",
    "COPY project FROM '/etc/passwd'",
    "SELECT pg_read_file('/etc/passwd')",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "CREATE ROLE mine SUPERUSER",
    "CREATE TABLE mine (id text)",
    "CREATE TEMPORARY TABLE mine (id text)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "ALTER TABLE release DISABLE TRIGGER release_two_people",
    "ALTER TABLE release DISABLE ROW LEVEL SECURITY",
    "DROP TABLE audit_entry",
    "TRUNCATE audit_outbox",
    "SET session_replication_role = replica",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user",
    "UPDATE audit_entry SET actor = 'nobody'",
    "DELETE FROM audit_entry",
    "UPDATE audit_leaf SET entry_sequence = entry_sequence",
    "UPDATE audit_checkpoint SET note = ''",
    "UPDATE principal SET active = true",
    "INSERT INTO principal SELECT * FROM principal",
    "DELETE FROM project",
    "UPDATE permit_version SET permit = ''",
    "DELETE FROM permit_version",
    "UPDATE release_decision SET verdict = 'approve'",
    "DELETE FROM release_decision",
    "DELETE FROM release",
    "SELECT * FROM alembic_version",
    "DELETE FROM dbos.workflow_status",
    "UPDATE dbos.dbos_migrations SET version = 0",
    "SELECT dbos.enqueue_workflow('link', 'jobs-linkage')",
)
"""What no process may, whichever it is."""
ENTRY = (
    "INSERT INTO audit_entry (entry_id, at, action, actor, subject, outcome, detail, salt)"
    " VALUES ('{0}', now(), 'release:sign', '{0}', 'x', 'done', '{{}}', '')"
)
IN_LINE = (
    "INSERT INTO dbos.workflow_status (workflow_uuid, status, name, queue_name, application_name)"
    " VALUES ('{job}:x', 'ENQUEUED', '{job}', 'jobs-{role}', 'tre-{role}')"
)
SHARE = "INSERT INTO destruction_share SELECT id, '{}', NULL, 'x', now(), id FROM destruction LIMIT 1"
APPROVES = (
    "INSERT INTO release_decision SELECT release_id, 'rosalind', author_id, verdict, reason, decision,"
    " decision_sha256, decided_at FROM release_decision LIMIT 1"
)
INSIDE = (
    "SELECT name FROM principal",
    "SELECT detail FROM audit_entry",
    "SELECT * FROM audit_outbox",
    "INSERT INTO audit_leaf VALUES (1000000, 1)",
    "INSERT INTO audit_checkpoint VALUES (1000000, '', now())",
    "SELECT sealed FROM linkage_secret_envelope",
    "SELECT * FROM upload",
    "SELECT * FROM used_assertion",
    "INSERT INTO project SELECT * FROM project",
    "UPDATE project SET permit = ''",
    "INSERT INTO permit_version SELECT * FROM permit_version",
    ENTRY.format("operator"),
    ENTRY.format("rosalind"),
)
"""What no worker but the log may; the log only what is its own of it."""
FORBIDDEN: dict[Process, tuple[str, ...]] = {
    Process.API: (
        "UPDATE release SET state = 'signed'",
        "UPDATE release SET statement = 'forged'",
        "INSERT INTO release SELECT * FROM release",
        "UPDATE query SET state = 'controlled'",
        "UPDATE linkage_run SET figures = NULL",
        "UPDATE submission SET state = 'accepted'",
        "UPDATE submission_part SET state = 'unsealed'",
        "UPDATE withdrawal SET linkage_kept = true",
        "UPDATE submission SET withdrawn_at = NULL",
        "UPDATE destruction SET statement = ''",
        "DELETE FROM destruction",
        "UPDATE destruction_share SET certificate = ''",
        SHARE.format("linkage"),
        "INSERT INTO audit_leaf VALUES (1000000, 1)",
        "INSERT INTO audit_checkpoint VALUES (1000000, '', now())",
        "DELETE FROM audit_outbox",
        "SELECT * FROM audit_outbox",
        "DELETE FROM refusal_tally",
        "UPDATE dbos.workflow_status SET creator_xid = 'x'",
        "UPDATE dbos.workflow_status SET status = 'SUCCESS'",
        "SELECT error FROM dbos.workflow_status",
        "SELECT inputs FROM dbos.workflow_input",
        "INSERT INTO dbos.operation_outputs (workflow_uuid, function_id) VALUES ('link:x', 9)",
        "INSERT INTO dbos.queues (queue_id, name) VALUES ('x', 'jobs-mine')",
        IN_LINE.format(job="control", role="gate"),
        IN_LINE.format(job="receive-crosswalk", role="analysis"),
        IN_LINE.format(job="link", role="gate"),
        *(ENTRY.format(f"worker-{role}") for role in ("linkage", "analysis", "gate", "log")),
        ENTRY.format("operator"),
    ),
    Process.LINKAGE: (
        *INSIDE,
        "SELECT * FROM query",
        "SELECT * FROM release",
        "UPDATE submission_part SET state = 'unsealed' WHERE zone = 'analysis'",
        "UPDATE withdrawal SET analysis_kept = true",
        "UPDATE linkage_run SET state = 'finished'",
        "UPDATE linkage_run SET records = 1",
        "UPDATE submission SET manifest = ''",
        "UPDATE submission SET withdrawn_at = NULL",
        SHARE.format("analysis"),
        "UPDATE dbos.workflow_status SET status = 'SUCCESS' WHERE queue_name = 'jobs-gate'",
        IN_LINE.format(job="sign-release", role="gate"),
        IN_LINE.format(job="link", role="linkage"),
        ENTRY.format("worker-gate"),
    ),
    Process.ANALYSIS: (
        *INSIDE,
        "SELECT * FROM release",
        "UPDATE submission_part SET state = 'unsealed' WHERE zone = 'linkage'",
        "UPDATE withdrawal SET linkage_kept = true",
        "UPDATE linkage_run SET figures = NULL",
        "UPDATE linkage_run SET state = 'linked'",
        SHARE.format("linkage"),
        "UPDATE query SET figures = NULL",
        "UPDATE query SET state = 'controlled'",
        "UPDATE query SET question = ''",
        "UPDATE dbos.workflow_status SET status = 'SUCCESS' WHERE name = 'control'",
        IN_LINE.format(job="sign-release", role="gate"),
        IN_LINE.format(job="link", role="linkage"),
        ENTRY.format("worker-gate"),
    ),
    Process.GATE: (
        *INSIDE,
        "SELECT * FROM submission",
        "SELECT * FROM linkage_run",
        "SELECT * FROM linkage_secret",
        APPROVES,
        "UPDATE release SET state = 'approved'",
        "UPDATE release SET evidence_sha256 = ''",
        "UPDATE query SET state = 'answered'",
        "UPDATE query SET question = ''",
        IN_LINE.format(job="sign-release", role="gate"),
        IN_LINE.format(job="link", role="linkage"),
        ENTRY.format("worker-log"),
    ),
    Process.LOG: (
        "SELECT * FROM principal",
        "SELECT * FROM project",
        "SELECT * FROM submission",
        "SELECT * FROM query",
        "SELECT * FROM release",
        "INSERT INTO refusal_tally VALUES ('x', now(), 'x', 1)",
        APPROVES,
        IN_LINE.format(job="sign-release", role="gate"),
        IN_LINE.format(job="link", role="linkage"),
        ENTRY.format("operator"),
        ENTRY.format("worker-gate"),
        ENTRY.format("nobody"),
    ),
}


SAME = "update submission_part.rows"
"""Set to what it is: rows that are not as many as were declared are refused."""
LAST = {"update submission.state", "update submission.replaces_id"}
"""Done by whichever of two workers opens its part last."""
AMENDED = "select permit_version"
"""Asked for where a permit was amended."""
UNUSED = {
    Process.LINKAGE: {SAME, AMENDED, *LAST},
    Process.ANALYSIS: {SAME, AMENDED, *LAST},
    Process.GATE: {AMENDED},
}
WORKERS = tuple(process for process in Process if process is not Process.API)


@pytest.fixture(scope="module")
def used() -> dict[Process, set[str]]:
    """The rights that each process made use of in the story and what it leaves out."""
    return {}


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, postgresql: Server, used: dict[Process, set[str]]
) -> Iterator[Workshop]:
    url = postgresql.fresh()
    with opened(Home(tmp_path_factory.mktemp("divided") / "home"), the_cast(), url, divided=True) as made:
        asked = {process: Asked() for process in Process}
        for process in Process:
            asked[process].listen([made.reached_by(process).sessions.kw["bind"]])
        for step in STORY.values():
            step(made)
        _what_the_story_leaves_out(made)
        used.update({process: set(one.rights) for process, one in asked.items()})
        yield made
    postgresql.drop(url)


def _what_the_story_leaves_out(shop: Workshop) -> None:
    withdrawal_id = withdrawn(shop)
    for job in (Job.WITHDRAW_FROM_LINKAGE, Job.WITHDRAW_FROM_ANALYSIS):
        shop.do(job, withdrawal_id)
        shop.fail(job, withdrawn(shop))
    preflight_id = asked_preflight(shop)
    for job in (Job.COUNT_POPULATIONS, Job.FORESEE):
        shop.do(job, preflight_id)
    shop.fail(Job.FORESEE, asked_preflight(shop))
    for job in (Job.LINK, Job.RECEIVE_CROSSWALK):
        shop.fail(job, shop.ask_for_run())
    shop.fail(Job.ANSWER, shop.ask())
    query_id = shop.ask()
    for job in (Job.ANSWER, Job.CONTROL):
        shop.do(job, query_id)
        shop.clock.forward(seconds=1)  # or a moment that is written again would be no change
    for checker in CHECKERS:
        shop.approve(checker, query_id)
    shop.clock.forward(seconds=1)
    shop.fail(Job.SIGN_RELEASE, query_id)
    again = shop.desk(REGISTRY).deliver(shop.home.root / "desks" / "again", registry_files, counter=2)
    delivered = shop.receive(again)
    for job in (Job.UNSEAL_IDENTIFIERS, Job.UNSEAL_PAYLOAD):
        shop.fail(job, delivered)
    destruction_id = taken_back(shop)
    for job in (Job.SHRED_PAYLOAD, Job.SHRED_IDENTIFIERS):
        shop.do(job, destruction_id)
        shop.fail(job, destruction_id)
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])  # signed already: the gate looks who was withdrawn
    of_project = closed(shop)
    for job in OF_PROJECT:
        shop.do(job, of_project)
        shop.fail(job, of_project)
    with shop.reached_by(Process.API).sessions.begin() as session:
        tally_refusal(session, "192.0.2.7", "not-signed-in", lambda: shop.clock() - timedelta(minutes=5))
    assert a_round(shop, settings_of(shop)) > 0
    shop.do(Job.HEARTBEAT, "1")
    _beat(settings_of(shop), shop.surroundings(WorkerRole.LOG), -1)


def _database(shop: Workshop) -> str:
    return str(shop.sessions.kw["bind"].url.database)


def refused(shop: Workshop, process: Process, statement: str) -> str:
    """How a statement ends: nothing when it is refused or changes no row, else what it did."""
    with shop.reached_by(process).sessions() as session:
        try:
            done = session.connection().exec_driver_sql(statement)
        except DBAPIError as fault:
            state = getattr(fault.orig, "sqlstate", None)
            return "" if state == NOT_PERMITTED else f"{state}: {statement}"
        finally:
            session.rollback()
    return "" if done.rowcount == 0 and not done.returns_rows else f"done: {statement}"


def test_the_whole_story_is_told_with_a_role_for_each_process(shop: Workshop) -> None:
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED
    database = _database(shop)
    for process in Process:
        with shop.reached_by(process).sessions() as session:
            assert session.scalar(sa.text("SELECT current_user")) == role_of(database, process)
    actors = {entry.actor for entry in shop.entries() if entry.action is not Action.LOG_HEARTBEAT}
    assert actors >= {"operator", "worker-linkage", "worker-analysis", "worker-gate", "rosalind", "cheng"}


@pytest.mark.parametrize("process", Process)
def test_what_no_process_may_do_is_refused(shop: Workshop, process: Process) -> None:
    before = shop.everything()
    assert [fault for one in EVERYBODY if (fault := refused(shop, process, one))] == []
    assert shop.everything() == before


@pytest.mark.parametrize("process", Process)
def test_what_is_another_processs_is_refused(shop: Workshop, process: Process) -> None:
    before = shop.everything()
    assert [fault for one in FORBIDDEN[process] if (fault := refused(shop, process, one))] == []
    assert shop.everything() == before


def test_a_worker_sees_its_own_jobs_and_those_that_it_puts_in_line(shop: Workshop) -> None:
    seen = {}
    for process in Process:
        with shop.reached_by(process).sessions() as session:
            rows = session.scalars(sa.text("SELECT DISTINCT queue_name FROM dbos.workflow_status"))
            seen[process] = {str(row).removeprefix("jobs-") for row in rows}
    assert seen == {
        Process.API: {"linkage", "analysis", "gate", "log"},
        Process.LINKAGE: {"linkage", "analysis"},
        Process.ANALYSIS: {"analysis", "gate"},
        Process.GATE: {"gate"},
        Process.LOG: {"log"},
    }


@pytest.mark.parametrize("process", WORKERS)
def test_a_worker_has_just_the_rights_that_it_uses(
    shop: Workshop, used: dict[Process, set[str]], process: Process
) -> None:
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED
    rights = {right for right in used[process] if "workflow_" not in right}
    assert sorted((rights | UNUSED.get(process, set())) ^ given(RIGHTS[process])) == []


def test_every_table_is_in_the_rights_of_somebody_and_every_column_is_there() -> None:
    named = {table for rights in RIGHTS.values() for table in rights}
    assert named == METADATA.tables.keys(), (
        "say in migrations/rights.py what each process may do with a table"
    )
    for rights in RIGHTS.values():
        for table, of_table in rights.items():
            columns = {"*", *METADATA.tables[table].columns.keys()}
            assert all(columns.issuperset(on) for on in columns_of(of_table).values()), table


def test_a_right_that_was_added_or_taken_is_named_and_put_right(shop: Workshop) -> None:
    engine = shop.sessions.kw["bind"]
    role = role_of(engine.url.database, Process.API)
    with engine.begin() as connection:
        assert differences(connection) == []
        connection.exec_driver_sql(f'GRANT DELETE ON principal TO "{role}"')
        connection.exec_driver_sql(f'REVOKE SELECT ON project FROM "{role}"')
        assert sorted(differences(connection)) == [
            f"{role} delete public.principal",
            f"{role} select public.project",
        ]
        give_rights(connection)
        assert differences(connection) == []


def test_doctor_tells_rights_that_somebody_changed(shop: Workshop) -> None:
    with shop.sessions() as session:
        assert next(examine_rights(session)).state is State.WELL
        session.execute(sa.text(f'GRANT DELETE ON principal TO "{role_of(_database(shop), Process.LOG)}"'))
        assert next(examine_rights(session)).state is State.ILL


def test_passwords_lie_with_their_process_alone_and_are_new_each_time(shop: Workshop) -> None:
    before = {process: shop.home.passfile(process).read_text() for process in Process}
    assert len(set(before.values())) == len(Process)
    divide(shop.home, secrets.token_bytes)
    for process in Process:
        path = shop.home.passfile(process)
        assert stat.S_IMODE(path.stat().st_mode) == 0o400
        assert path.read_text() != before[process]
        assert path.read_text().startswith(f"*:*:{_database(shop)}:{role_of(_database(shop), process)}:")


def test_migrate_gives_the_rights_again(shop: Workshop) -> None:
    with shop.sessions.begin() as session:
        session.connection().exec_driver_sql(
            f'REVOKE SELECT ON project FROM "{role_of(_database(shop), Process.API)}"'
        )
    assert run(app, ["migrate", str(shop.home.root)]) == 0
    with shop.sessions() as session:
        assert differences(session.connection()) == []


def test_no_row_of_a_new_table_is_anybodys(shop: Workshop) -> None:
    with shop.sessions.kw["bind"].begin() as connection:
        connection.exec_driver_sql("CREATE TABLE new_one (id text)")
        roles = [role_of(connection.engine.url.database, process) for process in Process]
        seen = sa.text("SELECT has_table_privilege(:role, 'new_one', 'select')")
        assert [connection.scalar(seen, {"role": role}) for role in roles] == [False] * len(roles)
        connection.rollback()
