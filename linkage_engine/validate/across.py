"""Parts of one delivery against each other: lives, and rows that name a row of another part."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from linkage_engine.catalogue.data_sets import PERSON_KEY, DataSet, ForeignKey, data_set
from linkage_engine.contract.reports import FieldReport, ValidationClass
from linkage_engine.validate.findings import ROW_NUMBER, finding, grouped, numbered, read
from linkage_engine.validate.sql import identifier, readings, trimmed, value_of

DEATH, DATE_OF_DEATH, DATE_OF_BIRTH = "death", "date_of_death", "date_of_birth"

NO_BIRTHS = pa.table({PERSON_KEY: pa.array([], pa.string()), DATE_OF_BIRTH: pa.array([], pa.string())})
"""What everybody but the provider knows of births."""


def check_across(
    connection: duckdb.DuckDBPyConnection, parts: Mapping[str, pa.Table], *, births: pa.Table
) -> dict[str, list[FieldReport]]:
    """For each data set, by name, its rows that are dated before a birth or after a death, or name nothing.

    Parts have the columns that `rows.check` takes. `births` has `person_key` and `date_of_birth`, a day as
    text: it is known to the provider alone, and empty elsewhere. An event after the death that the same
    delivery states is Failed, or Undetermined where it may have been booked ahead. An event before the birth
    is Undetermined: the identifier may be the wrong one of the two, and identifiers stay behind. So is a row
    that names one of another part of the delivery that is not there: it may come later, by somebody else.
    """
    lives = _lives(connection, parts.get(DEATH), births)
    findings = {}
    for name, table in parts.items():
        schema = data_set(name)
        rows = read(connection, numbered(table), f"{readings(schema)}, {ROW_NUMBER}")
        found = _outside_of_life(rows, schema, lives)
        for key in schema.foreign_keys:
            if key.reference.resource in parts:
                found += _named_nothing(connection, rows, key, parts[key.reference.resource])
        findings[name] = found
    return findings


def needed_by(name: str) -> tuple[str, ...]:
    """The data sets of the same delivery that a data set is held to, deaths first."""
    keys = data_set(name).foreign_keys if name != DEATH else ()
    return (DEATH, *(key.reference.resource for key in keys))


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
    rows: duckdb.DuckDBPyRelation, schema: DataSet, lives: duckdb.DuckDBPyRelation
) -> list[FieldReport]:
    rows = rows.join(lives, f"{identifier(PERSON_KEY)} = who")
    after = ValidationClass.UNDETERMINED if schema.may_outlive else ValidationClass.INVALID
    outcomes = {"birth": ValidationClass.UNDETERMINED, "death": after}
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


def _named_nothing(
    connection: duckdb.DuckDBPyConnection, rows: duckdb.DuckDBPyRelation, key: ForeignKey, table: pa.Table
) -> list[FieldReport]:
    """Rows whose fields are given and are in no row of the other part together, under the last field."""
    there = [f"there_{place}" for place in range(len(key.fields))]
    named = zip(key.reference.fields, there, strict=True)
    other = (
        connection.from_arrow(table).project(", ".join(f"{trimmed(f)} AS {t}" for f, t in named)).distinct()
    )
    given = rows.filter(" AND ".join(f"{identifier(name)} IS NOT NULL" for name in key.fields))
    same = " AND ".join(f"{identifier(f)} = {t}" for f, t in zip(key.fields, there, strict=True))
    decided = f"CASE WHEN {there[0]} IS NULL THEN 'reference' END"
    return [
        finding(key.fields[-1], rule, ValidationClass.UNDETERMINED, count, numbers)
        for rule, count, numbers in grouped(given.join(other, same, how="left"), decided)
    ]
