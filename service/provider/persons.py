"""Persons of a delivery: a key and one row of identifiers for each local person id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.catalogue.data_sets import PERSON_KEY
from linkage_engine.contract.manifest import IDENTIFIERS
from linkage_engine.contract.reports import ROW_NUMBERS_SHOWN, FieldReport, ValidationClass, ValidationReport
from linkage_engine.contract.tokens import IDENTIFIER_FIELDS
from linkage_engine.pseudonymise.spellings import Spellings
from linkage_engine.validate.across import NO_BIRTHS
from linkage_engine.validate.findings import ROW_NUMBER, finding
from linkage_engine.validate.sql import identifier
from service.provider.extract import IDENTIFIER_PREFIX, LOCAL_PERSON_ID
from service.provider.person_keys import PersonKeys

RULES = {
    "nhs_number": "check_digit",
    "date_of_birth": "type",
    "sex": "list",
    "postcode": "pattern",
}
"""What an identifier fails by when its normaliser makes nothing of it; names and addresses: pattern."""


@dataclass(frozen=True)
class Persons:
    """Local person ids with their keys and identifiers, row by row; shows and prints only how many."""

    local_ids: pa.Array
    keys: pa.Array
    identifiers: pa.Table
    """Of the delivery's identifiers those that were mapped, as text, each first value that is not blank."""
    conflicts: dict[str, int]
    """For an identifier: how many persons have two values."""
    spellings: Spellings
    padding_key: bytes
    """What the lists of tokens are filled up with follows from it: never shown."""

    def __repr__(self) -> str:
        return f"Persons({len(self.keys)})"

    def keys_of(self, local_ids: pa.ChunkedArray) -> pa.ChunkedArray:
        """The key of each local id; null for a blank one."""
        return pc.take(self.keys, pc.index_in(local_ids, value_set=self.local_ids, skip_nulls=True))


def persons_of(
    connection: duckdb.DuckDBPyConnection, extracts: Sequence[pa.Table], *, keys: PersonKeys
) -> Persons:
    """Everybody whom the extracts name, under a key; identifiers by the order of files and rows."""
    rows = pa.concat_tables([_identifier_rows(extract) for extract in extracts], promote_options="default")
    rows = rows.append_column("place", pa.array(np.arange(rows.num_rows)))
    names = [name for name in IDENTIFIER_FIELDS if name in rows.column_names]
    figures = [f"arg_min({identifier(n)}, place), count(DISTINCT upper({identifier(n)})) > 1" for n in names]
    found = (
        connection.from_arrow(rows)
        .filter(f"{LOCAL_PERSON_ID} IS NOT NULL")
        .aggregate(", ".join([LOCAL_PERSON_ID, *figures]), LOCAL_PERSON_ID)
        .to_arrow_table()
        .combine_chunks()
    )
    local_ids = _array(found.column(0))
    person_keys = keys.of(local_ids.to_pylist())
    return Persons(
        local_ids=local_ids,
        keys=pa.array(person_keys, pa.string()),
        identifiers=pa.table({name: found.column(1 + 2 * i) for i, name in enumerate(names)}),
        conflicts={name: pc.sum(found.column(2 + 2 * i)).as_py() or 0 for i, name in enumerate(names)},
        spellings=Spellings(),
        padding_key=keys.padding_key,
    )


def extract_identifiers_report(extract: pa.Table, spellings: Spellings) -> ValidationReport:
    """Which identifiers of a file can be used; one that cannot is left out, its row is kept.

    The class of an unusable one is Undetermined: it says nothing against the row, and blocks nothing.
    """
    findings = []
    for name in _identifiers(extract):
        findings += _identifier_findings(name, extract, spellings)
    return ValidationReport(data_set=IDENTIFIERS, rows=extract.num_rows, findings=tuple(findings))


def persons_report(persons: Persons) -> ValidationReport:
    """Over all files: persons with two values of one identifier, and persons with none at all."""
    found = {(name, "conflict"): count for name, count in persons.conflicts.items()}
    found[PERSON_KEY, "identified"] = len(_unidentified(persons))
    findings = tuple(
        FieldReport(field=field, rule=rule, outcome=ValidationClass.UNDETERMINED, rows=rows)
        for (field, rule), rows in found.items()
        if rows
    )
    return ValidationReport(data_set=IDENTIFIERS, rows=len(persons.keys), findings=findings)


def unidentified_rows(extract: pa.Table, persons: Persons) -> list[FieldReport]:
    """Rows of a file about persons of whom no file has an identifier: sent, but never linked."""
    ids = extract.column(LOCAL_PERSON_ID)
    nobody = pc.is_in(ids, value_set=_unidentified(persons), skip_nulls=True)
    rows = extract.column(ROW_NUMBER).filter(nobody)
    if not len(rows):
        return []
    first = tuple(rows.slice(0, ROW_NUMBERS_SHOWN).to_pylist())
    return [finding(PERSON_KEY, "identified", ValidationClass.UNDETERMINED, len(rows), first)]


def births_of(persons: Persons) -> pa.Table:
    """`person_key` and `date_of_birth` as an ISO date, of everybody with one that is possible."""
    name = "date_of_birth"
    if name not in persons.identifiers.column_names:
        return NO_BIRTHS
    given = persons.identifiers.column(name).to_pylist()
    days = pa.array(persons.spellings.of(name, given), pa.string())
    return pa.table({PERSON_KEY: persons.keys, name: days}).filter(pc.is_valid(days))


def _unidentified(persons: Persons) -> pa.Array:
    """Local ids of persons without any identifier."""
    blank = pa.array([True] * len(persons.keys), pa.bool_())
    for column in persons.identifiers.columns:
        blank = pc.and_(blank, pc.is_null(column).combine_chunks())
    return persons.local_ids.filter(blank)


def _identifier_findings(name: str, extract: pa.Table, spellings: Spellings) -> list[FieldReport]:
    values = extract.column(IDENTIFIER_PREFIX + name)
    distinct = pc.unique(values.drop_null())
    unusable = pc.is_null(pa.array(spellings.of(name, distinct.to_pylist()), pa.string()))
    bad = pc.fill_null(pc.is_in(values, value_set=distinct.filter(unusable)), fill_value=False)
    bad_rows = extract.column(ROW_NUMBER).filter(bad)
    rule = RULES.get(name, "pattern")
    counts = {
        (rule, ValidationClass.VALID): len(values) - values.null_count - len(bad_rows),
        (rule, ValidationClass.UNDETERMINED): len(bad_rows),
        ("required", ValidationClass.BLANK_OPTIONAL): values.null_count,
    }
    return [
        FieldReport(
            field=name,
            rule=rule,
            outcome=outcome,
            rows=rows,
            row_numbers=tuple(bad_rows.slice(0, ROW_NUMBERS_SHOWN).to_pylist())
            if outcome is ValidationClass.UNDETERMINED
            else (),
        )
        for (rule, outcome), rows in counts.items()
        if rows
    ]


def _identifiers(extract: pa.Table) -> list[str]:
    return [name for name in IDENTIFIER_FIELDS if IDENTIFIER_PREFIX + name in extract.column_names]


def _identifier_rows(extract: pa.Table) -> pa.Table:
    names = _identifiers(extract)
    chosen = extract.select([LOCAL_PERSON_ID, *(IDENTIFIER_PREFIX + name for name in names)])
    return chosen.rename_columns([LOCAL_PERSON_ID, *names])


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
