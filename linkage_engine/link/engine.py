"""What linkage asks of a database: to show it tables, to count, and to be Splink's; DuckDB is the first."""

from __future__ import annotations

from typing import Any, Protocol

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from splink.backends.duckdb import DuckDBAPI

Columns = dict[str, NDArray[Any]]


class Engine(Protocol):
    """A database that compares records; what it was shown it forgets when told to.

    The linkage model is written in DuckDB's SQL, and so are the queries that `columns` is given: an engine
    with other words for the same says them itself.
    """

    def splink(self) -> Any:  # noqa: ANN401 - Splink's class of databases has no public name
        """A fresh Splink database on this engine."""

    def spoken(self, sql: str) -> str:
        """A condition of the model in the engine's own words."""

    def show(self, name: str, table: pa.Table) -> None:
        """Let queries read a table under a name."""

    def columns(self, sql: str) -> Columns:
        """The columns of a query's result, in its order of rows, without nulls."""

    def forget(self, names: list[str]) -> None:
        """Tables that were shown are seen no more, nor is what was kept of queries over them."""


class OnDuckDB:
    """Linkage inside this process; the connection may be locked."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def splink(self) -> DuckDBAPI:
        """Splink on this connection."""
        return DuckDBAPI(connection=self._connection)

    def spoken(self, sql: str) -> str:
        """The same words."""
        return sql

    def show(self, name: str, table: pa.Table) -> None:
        """Nothing is copied."""
        self._connection.register(name, table)

    def columns(self, sql: str) -> Columns:
        """By way of numpy: no row becomes a Python object."""
        found = self._connection.execute(sql).fetchnumpy()
        return {name: np.asarray(values) for name, values in found.items()}

    def forget(self, names: list[str]) -> None:
        """Nothing was copied."""
        for name in names:
            self._connection.unregister(name)


Database = duckdb.DuckDBPyConnection | Engine


def engine_of(database: Database) -> Engine:
    """The engine on a DuckDB connection; another engine is its own."""
    return OnDuckDB(database) if isinstance(database, duckdb.DuckDBPyConnection) else database
