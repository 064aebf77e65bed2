"""Two files of records read for evaluation: identifiers normalised, the truth kept apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.contract.tokens import IDENTIFIER_FIELDS
from linkage_engine.pseudonymise.families import NORMALISERS


@dataclass(frozen=True, slots=True, repr=False)
class Records:
    """One file: its identifiers by field, and whose they are, in the file's order."""

    identifiers: pa.Table
    people: tuple[str | None, ...]


def read_fields(path: Path) -> dict[str, str]:
    """Which column holds which field, from JSON; other fields are ExtractRejected(columns-differ)."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    unknown = [name for name in fields if name not in IDENTIFIER_FIELDS]
    if unknown or not fields:
        raise ExtractRejected(
            RefusalCode.COLUMNS_DIFFER, unknown=len(unknown), known=len(fields) - len(unknown)
        )
    return {str(name): str(column) for name, column in fields.items()}


def read_records(path: Path, *, fields: Mapping[str, str], truth: str) -> Records:
    """The records of a CSV or Parquet file, identifiers as they stand there.

    Raises ExtractRejected(columns-differ) where a column is missing.
    """
    table = _read(path, {*fields.values(), truth})
    return Records(_identifiers(table, fields), tuple(table[truth].to_pylist()))


def read_identifiers(path: Path, *, fields: Mapping[str, str]) -> pa.Table:
    """The identifiers alone of a file whose truth is not asked for; refuses as `read_records` does."""
    return _identifiers(_read(path, set(fields.values())), fields)


def normalised(identifiers: pa.Table) -> pa.Table:
    """The same fields with each value as a provider's tool would spell it; null where it cannot be one."""
    return pa.table({name: _normalised(name, identifiers[name]) for name in identifiers.column_names})


def _identifiers(table: pa.Table, fields: Mapping[str, str]) -> pa.Table:
    return pa.table({name: table[column] for name, column in fields.items()})


def _read(path: Path, wanted: set[str]) -> pa.Table:
    """All columns as text; raises where a wanted one is missing."""
    with duckdb.connect() as connection:
        if path.suffix == ".parquet":
            relation = connection.read_parquet(str(path))
        else:
            relation = connection.read_csv(str(path), all_varchar=True, header=True)
        text = ", ".join(f'CAST("{name}" AS VARCHAR) AS "{name}"' for name in relation.columns)
        missing = wanted - set(relation.columns)
        if missing:
            raise ExtractRejected(RefusalCode.COLUMNS_DIFFER, missing=len(missing))
        return relation.project(text).to_arrow_table()


def _normalised(name: str, column: pa.ChunkedArray) -> pa.Array:
    """Each distinct value once."""
    spelt = {text: NORMALISERS[name](text) if text else None for text in column.unique().to_pylist()}
    return pa.array([spelt[text] for text in column.to_pylist()], pa.string())
