"""A role of PostgreSQL for each process, with the rights of `rights.py` and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

from migrations.rights import ALL, ANY_ROW, JOB_QUEUE, RIGHTS, Process, Rights, job_rights

OURS = "public"
POLICY = "of_process"
"""How the names of our policies begin: they are made anew each time."""
VERBS = ("select", "insert", "update", "delete")
CONNECTIONS = 40
"""How many a process may hold: one that is taken over cannot lock the others out."""


def role_of(database: str, process: Process) -> str:
    """The name of a process's role: roles are known to the whole server, so it begins with the database's."""
    return f"{database}_{process.value}"


def all_rights(process: Process) -> Iterator[tuple[str, str, Rights]]:
    """Every table that a process may touch: its schema, its name, and how."""
    for table, rights in RIGHTS[process].items():
        yield OURS, table, rights
    for table, rights in job_rights(process).items():
        yield JOB_QUEUE, table, rights


def make_roles(connection: Connection, passwords: Mapping[Process, str]) -> None:
    """Make each process's role, or give it another password, which the server keeps as a SCRAM verifier.

    The password itself never reaches the server. The owner needs the right to make roles.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    database = _database(connection)
    for process, password in passwords.items():
        role = role_of(database, process)
        known = connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        _do(connection, f"{'ALTER' if known else 'CREATE'} ROLE {_name(role)} LOGIN PASSWORD '{verifier}'")
        _do(
            connection,
            f"ALTER ROLE {_name(role)} NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT {CONNECTIONS}",
        )
        _do(
            connection,
            f"ALTER ROLE {_name(role)} IN DATABASE {_name(database)} SET search_path = {OURS}, pg_temp",
        )


def give_rights(connection: Connection) -> None:
    """Take every right from all but the owner, and give each process its own; again after a migration."""
    database = _database(connection)
    roles = {process: role_of(database, process) for process in Process}
    everybody = ", ".join(["PUBLIC", *map(_name, roles.values())])
    _do(connection, f"REVOKE ALL ON DATABASE {_name(database)} FROM {everybody}")
    for schema in (OURS, JOB_QUEUE):
        for things in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            _do(connection, f"REVOKE ALL ON ALL {things} IN SCHEMA {schema} FROM {everybody}")
            _do(
                connection,
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON {things} FROM {everybody}",
            )
        _do(connection, f"REVOKE ALL ON SCHEMA {schema} FROM {everybody}")
        _close_rows(connection, schema)
    # Without a schema: what PostgreSQL gives everybody on a new function is taken only like this.
    _do(connection, "ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC")
    for process, role in roles.items():
        _do(connection, f"GRANT CONNECT ON DATABASE {_name(database)} TO {_name(role)}")
        _do(connection, f"GRANT USAGE ON SCHEMA {OURS}, {JOB_QUEUE} TO {_name(role)}")
        _do(connection, f"GRANT USAGE ON SEQUENCE {OURS}.audit_entry_sequence_seq TO {_name(role)}")
        for schema, table, rights in all_rights(process):
            for statement in _statements(f"{schema}.{table}", process, role, rights):
                _do(connection, statement)


def _close_rows(connection: Connection, schema: str) -> None:
    """No row of any table is anybody's but the owner's, until a policy says so."""
    tables = connection.scalars(
        sa.text("SELECT tablename FROM pg_tables WHERE schemaname = :schema"), {"schema": schema}
    ).all()
    for table in tables:
        _do(connection, f"ALTER TABLE {schema}.{_name(table)} ENABLE ROW LEVEL SECURITY")
    made = connection.execute(
        sa.text("SELECT policyname, tablename FROM pg_policies WHERE schemaname = :schema"),
        {"schema": schema},
    ).all()
    for policy, table in made:
        if policy.startswith(POLICY):
            _do(connection, f"DROP POLICY {_name(policy)} ON {schema}.{_name(table)}")


def _statements(table: str, process: Process, role: str, rights: Rights) -> Iterator[str]:
    conditions = {
        "select": f"USING ({rights.sees})",
        "insert": f"WITH CHECK ({rights.adds})",
        "update": f"USING ({rights.touches}) WITH CHECK ({rights.makes})",
        "delete": f"USING ({ANY_ROW})",
    }
    for verb, columns in columns_of(rights).items():
        named = "" if columns == ALL else f" ({', '.join(map(_name, columns))})"
        yield f"GRANT {verb.upper()}{named} ON {table} TO {_name(role)}"
        policy = f"{POLICY}_{process}_{verb} ON {table} FOR {verb.upper()} TO {_name(role)}"
        yield f"CREATE POLICY {policy} {conditions[verb]}"


def columns_of(rights: Rights) -> dict[str, tuple[str, ...]]:
    """The columns that each verb is given on, where it is given at all."""
    given = {
        "select": rights.select,
        "insert": rights.insert,
        "update": rights.update,
        "delete": ALL if rights.delete else (),
    }
    return {verb: columns for verb, columns in given.items() if columns}


def differences(connection: Connection) -> list[str]:
    """Where the rights in a database are not those of `rights.py`: `role verb table`, without an order."""
    database = _database(connection)
    wanted = {
        (role_of(database, process), verb, f"{schema}.{table}")
        for process in Process
        for schema, table, rights in all_rights(process)
        for verb in columns_of(rights)
    }
    held = connection.execute(
        sa.text(HELD), {"roles": [role_of(database, process) for process in Process], "verbs": list(VERBS)}
    )
    return [" ".join(one) for one in wanted ^ {(role, verb, table) for role, verb, table in held}]


HELD = f"""
SELECT r.rolname, v.verb, n.nspname || '.' || c.relname
  FROM pg_roles r CROSS JOIN unnest(CAST(:verbs AS text[])) AS v (verb) CROSS JOIN pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE r.rolname = ANY(:roles) AND n.nspname IN ('{OURS}', '{JOB_QUEUE}') AND c.relkind IN ('r', 'v')
   AND CASE v.verb WHEN 'delete' THEN has_table_privilege(r.oid, c.oid, v.verb)
       ELSE has_any_column_privilege(r.oid, c.oid, v.verb) END
"""  # noqa: S608  # our own names only
"""Which role has which right on which table, on some column at least."""


def _database(connection: Connection) -> str:
    return str(make_url(str(connection.engine.url)).database)


def _name(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


def _do(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement.replace("%", "%%"))
