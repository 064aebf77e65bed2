"""The locked DuckDB computes over registered Arrow tables and reaches nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage_engine.vault.compute import locked_duckdb

SECRET_FILE = "outside.csv"


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    monkeypatch.chdir(tmp_path)
    Path(SECRET_FILE).write_text("a\n1\n")
    pq.write_table(pa.table({"a": [1]}), "outside.parquet")
    connection = locked_duckdb(memory_limit="1GB", threads=2)
    connection.execute("CREATE TABLE kept AS SELECT 1 AS a")
    yield connection
    connection.close()


def test_a_registered_arrow_table_is_queried(locked: duckdb.DuckDBPyConnection) -> None:
    locked.register("records", pa.table({"a": [1, 2, 3]}))
    assert locked.execute("SELECT sum(a) FROM records").fetchone() == (6,)


def test_a_registered_arrow_reader_is_queried(locked: duckdb.DuckDBPyConnection) -> None:
    locked.register("records", pa.table({"a": [1, 2, 3]}).to_reader())
    assert locked.execute("SELECT sum(a) FROM records").fetchone() == (6,)


@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT * FROM '{SECRET_FILE}'",
        f"SELECT * FROM read_csv('{SECRET_FILE}')",
        f"SELECT * FROM read_text('{SECRET_FILE}')",
        "SELECT * FROM read_blob('/proc/self/environ')",
        "SELECT * FROM read_parquet('outside.parquet')",
        "SELECT * FROM parquet_metadata('outside.parquet')",
        "SELECT * FROM glob('*')",
        "COPY kept TO 'leak.csv'",
        "COPY kept TO 'leak.parquet' (FORMAT parquet)",
        f"COPY kept FROM '{SECRET_FILE}'",
        "ATTACH 'other.db'",
        "ATTACH 'other.db' (READ_ONLY)",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE 'leak'",
        "IMPORT DATABASE 'leak'",
        "SET threads = 8",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "PRAGMA memory_limit = '64GB'",
        "SET temp_directory = '.'",
        "SET profiling_output = 'leak'",
        "SELECT getenv('HOME')",
        "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
    ],
)
def test_sql_cannot_leave(locked: duckdb.DuckDBPyConnection, tmp_path: Path, statement: str) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(duckdb.Error):
        locked.execute(statement)
    assert sorted(tmp_path.iterdir()) == before


def test_the_same_reads_succeed_without_the_lock(locked: duckdb.DuckDBPyConnection) -> None:
    with duckdb.connect(":memory:") as unlocked:
        assert unlocked.execute(f"SELECT * FROM read_csv('{SECRET_FILE}')").fetchall() == [(1,)]


def test_a_python_variable_is_not_found_by_its_name(locked: duckdb.DuckDBPyConnection) -> None:
    in_scope = pa.table({"a": [1]})
    with pytest.raises(duckdb.CatalogException):
        locked.execute("SELECT * FROM in_scope")
    assert in_scope.num_rows == 1


def test_without_a_folder_nothing_spills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        locked_duckdb(memory_limit="20MB", threads=1) as connection,
        pytest.raises(duckdb.OutOfMemoryException),
    ):
        connection.execute("CREATE TABLE big AS SELECT random() AS x FROM range(10000000)")
    assert list(tmp_path.iterdir()) == []


def test_limits_and_the_splink_setting_are_in_force(tmp_path: Path) -> None:
    with locked_duckdb(memory_limit="1GB", threads=1, temp_directory=str(tmp_path)) as connection:
        wanted = "'threads', 'temp_directory', 'disabled_optimizers', 'memory_limit', 'lock_configuration'"
        rows = connection.execute(
            f"SELECT name, value FROM duckdb_settings() WHERE name IN ({wanted})"
        ).fetchall()
    assert dict(rows) == {
        "threads": "1",
        "temp_directory": str(tmp_path),
        "disabled_optimizers": "join_order",
        "memory_limit": "953.6 MiB",
        "lock_configuration": "true",
    }
