"""A locked, in-memory DuckDB: computes over registered Arrow tables and reaches nothing else."""

from __future__ import annotations

import duckdb

_LOCK_DOWN = (
    # DuckDB 2.0's join order optimiser takes all memory in Splink's one-to-one clustering.
    "SET disabled_optimizers = 'join_order'",
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",  # last: nothing before it can be undone
)


def locked_duckdb(*, memory_limit: str, threads: int, temp_directory: str = "") -> duckdb.DuckDBPyConnection:
    """A connection that SQL cannot open: no files, databases, extensions, settings or variables.

    Tables enter by `connection.register(name, arrow_table)` only. `memory_limit` is DuckDB's, as
    '2GB'; what does not fit spills in clear to `temp_directory`, which must therefore be private and on
    tmpfs or an encrypted volume, and with '' is refused with `duckdb.OutOfMemoryException`.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "temp_directory": temp_directory,
            "memory_limit": memory_limit,
            "threads": threads,
        },
    )
    for statement in _LOCK_DOWN:
        connection.execute(statement)
    return connection
