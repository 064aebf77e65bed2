"""What the engine asks of the database for a question, as it asks it: tables, statements, parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import duckdb
import numpy as np
import pyarrow as pa

from linkage_engine.catalogue.data_sets import PERSON_KEY
from linkage_engine.contract.query_spec import QuerySpec
from linkage_engine.laboratory.england.catalogue_form import OfProvider
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE
from linkage_engine.linked_data import PERSON_INDEX
from linkage_engine.query.plan import plan
from linkage_engine.query.run import answer, inputs
from linkage_engine.vault.compute import locked_duckdb


@dataclass(frozen=True)
class AskedStatement:
    """One statement as it was run."""

    text: str
    parameters: Mapping[str, object]
    lists: tuple[str, ...]
    """Its columns that list people, or something of each."""
    rows: pa.Table


@dataclass
class Recording:
    """A connection that keeps what it is given and what it is asked."""

    connection: duckdb.DuckDBPyConnection
    tables: dict[str, pa.Table] = field(default_factory=dict)
    statements: list[AskedStatement] = field(default_factory=list)

    def register(self, name: str, table: pa.Table) -> None:
        """Keep a table, and let statements see it."""
        self.tables[name] = table
        self.connection.register(name, table)

    def unregister(self, name: str) -> None:
        """Let statements see a table no more; it is kept."""
        self.connection.unregister(name)

    def interrupt(self) -> None:
        """End a statement that takes too long."""
        self.connection.interrupt()

    def execute(self, query: str) -> duckdb.DuckDBPyConnection:
        """Check the tables: that is no part of a question, and is not kept."""
        return self.connection.execute(query)

    def sql(self, query: str, *, params: Mapping[str, object]) -> duckdb.DuckDBPyRelation:
        """Run a statement and keep it."""
        asked = self.connection.sql(query, params=dict(params))
        kinds = zip(asked.columns, map(str, asked.types), strict=True)
        lists = tuple(name for name, kind in kinds if kind.endswith("[]"))
        rows = asked.to_arrow_table()
        self.statements.append(AskedStatement(query, params, lists, rows))
        return self.connection.from_arrow(rows)


def recorded(specification: QuerySpec, sets: Iterable[OfProvider]) -> Recording:
    """A question answered over synthetic data, and all that was asked of the database for it.

    Raises `QueryRefused` as `plan` and `answer` do.
    """
    recording = Recording(locked_duckdb(memory_limit="4GB", threads=2))
    made = plan(specification, data_end=EXTRACT_DATE)
    held = {each.name: each for each in sets}
    tables = {
        name: _columns(held[name], schema) if name in held else schema.empty_table()
        for name, schema in inputs(made).items()
        if name != PERSON_INDEX
    }
    tables[PERSON_INDEX] = _everybody(held.values())
    answer(cast("Any", recording), made, tables)
    return recording


def _columns(of: OfProvider, schema: pa.Schema) -> pa.Table:
    """The columns that a statement reads; every link id is the person's key."""
    columns = {
        name: of.rows[name]
        if name in of.rows.column_names
        else pa.repeat(of.provider, of.rows.num_rows)
        if name == "provider_id"
        else of.rows[PERSON_KEY]
        for name in schema.names
    }
    return pa.table(columns).cast(schema)


def _everybody(sets: Iterable[OfProvider]) -> pa.Table:
    """The roll: everybody of the data sets, numbered in order of their keys."""
    keys = pa.chunked_array([each.rows[PERSON_KEY].unique() for each in sets], pa.string()).unique().sort()
    return pa.table({"link_id": keys, "person": pa.array(np.arange(len(keys), dtype=np.int32))})
