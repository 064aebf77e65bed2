"""The providers' files as data sets of the catalogue, with the persons behind the rows known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from linkage_engine.catalogue.data_sets import PERSON_KEY, DataSet, data_set
from linkage_engine.laboratory.england.providers import PROVIDERS
from linkage_engine.laboratory.england.write import MORE
from linkage_engine.validate.rows import typed
from linkage_engine.validate.sql import identifier, trimmed
from linkage_engine.validate.written import catalogued, translated


@dataclass(frozen=True)
class OfProvider:
    """A data set of one provider."""

    provider: str
    name: str
    rows: pa.Table
    """Typed; `person_key` is the person's number in 32 hexadecimal digits, the same at every provider."""


def in_catalogue_form(folder: Path) -> Iterator[OfProvider]:
    """Every file of a synthetic England by its provider's own mapping.

    Raises `ExtractRejected` where a value has no place in its type, and `duckdb.Error` for a file that is
    none.
    """
    connection = duckdb.connect(":memory:")
    truth = connection.read_csv(str(folder / "truth.csv"), header=True, all_varchar=True)
    for provider in PROVIDERS:
        within = folder / provider.name
        whole = within / f"mapping-{MORE.get(provider.name)}.json"
        mapping = json.loads(
            (whole if whole.exists() else within / "mapping.json").read_text(encoding="utf-8")
        )
        whose = truth.filter(f"provider = '{provider.name}'").set_alias("truth")
        for file in mapping["files"]:
            if not (within / file["file"]).stat().st_size:  # few people, and none of them has such a row
                continue
            rows = connection.read_csv(str(within / file["file"]), header=True, all_varchar=True)
            known = rows.set_alias("file").join(
                whose, f"file.{identifier(file['local_person_id'])} = truth.local_person_id"
            )
            schema = data_set(file["data_set"])
            text = known.project(_projection(file, schema)).to_arrow_table()
            yield OfProvider(provider.name, schema.name, typed(connection, text, schema))


def _projection(file: Mapping[str, Any], schema: DataSet) -> str:
    """The columns of the data set, from those of the file."""
    chosen = [f"lpad(ltrim(person, 'P'), 32, '0') AS {PERSON_KEY}"]
    for field in schema.fields:
        if field.name == PERSON_KEY:
            continue
        value = "CAST(NULL AS VARCHAR)"
        if field.name in file["columns"]:
            value = trimmed(file["columns"][field.name])
            value = translated(value, file.get("codes", {}).get(field.name, {}))
            value = catalogued(value, field, date_format=file.get("date_format", "%Y-%m-%d"))
        chosen.append(f"{value} AS {identifier(field.name)}")
    return ", ".join(chosen)
