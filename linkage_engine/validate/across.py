"""Parts of one delivery against each other: whether people were alive when something happened to them."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from linkage_engine.catalogue.data_sets import PERSON_KEY, data_set
from linkage_engine.contract.reports import FieldReport, ValidationClass
from linkage_engine.validate.findings import ROW_NUMBER, finding, grouped, numbered, read
from linkage_engine.validate.sql import identifier, readings, value_of

DEATH, DATE_OF_DEATH, DATE_OF_BIRTH = "death", "date_of_death", "date_of_birth"

NO_BIRTHS = pa.table({PERSON_KEY: pa.array([], pa.string()), DATE_OF_BIRTH: pa.array([], pa.string())})
"""What everybody but the provider knows of births."""


def check_across(
    connection: duckdb.DuckDBPyConnection, parts: Mapping[str, pa.Table], *, births: pa.Table
) -> dict[str, list[FieldReport]]:
    """For each data set, by name, its rows that are dated before a birth or after a death.

    Parts have the columns that `rows.check` takes. `births` has `person_key` and `date_of_birth`, a day as
    text: it is known to the provider alone, and empty elsewhere. An event after the death that the same
    delivery states is Failed. An event before the birth is Undetermined: the identifier may be the wrong one
    of the two, and identifiers stay behind.
    """
    lives = _lives(connection, parts.get(DEATH), births)
    return {name: _outside_of_life(connection, name, table, lives) for name, table in parts.items()}


def _lives(
    connection: duckdb.DuckDBPyConnection, deaths: pa.Table | None, births: pa.Table
) -> duckdb.DuckDBPyRelation:
    """For each person the days of birth and death that are known and can be read."""
    columns = f"{PERSON_KEY} AS who, try_cast({DATE_OF_BIRTH} AS DATE) AS born, CAST(NULL AS DATE) AS died"
    known = connection.from_arrow(births).project(columns)
    if deaths is not None:
        field = data_set(DEATH).field(DATE_OF_DEATH)
        assert field is not None
        stated = connection.from_arrow(deaths).project(readings(data_set(DEATH)))
        known = known.union(
            stated.project(f"{PERSON_KEY} AS who, CAST(NULL AS DATE) AS born, {value_of(field)} AS died")
        )
    lives = known.filter("who IS NOT NULL").aggregate("who, min(born) AS born, max(died) AS died", "who")
    return connection.from_arrow(lives.to_arrow_table())


def _outside_of_life(
    connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table, lives: duckdb.DuckDBPyRelation
) -> list[FieldReport]:
    schema = data_set(name)
    rows = read(connection, numbered(table), f"{readings(schema)}, {ROW_NUMBER}")
    rows = rows.join(lives, f"{identifier(PERSON_KEY)} = who")
    outcomes = {"birth": ValidationClass.UNDETERMINED, "death": ValidationClass.INVALID}
    findings = []
    for day in schema.lifetime:
        field = schema.field(day)
        assert field is not None
        on = value_of(field)
        decided = f"CASE WHEN {on} > died THEN 'death' WHEN {on} < born THEN 'birth' END"
        findings += [
            finding(day, rule, outcomes[rule], count, numbers)
            for rule, count, numbers in grouped(rows, decided)
        ]
    return findings
