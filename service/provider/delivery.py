"""A delivery before it is sealed: every file read, checked, and its persons given their keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from linkage_engine.catalogue.data_sets import PERSON_KEY, DataSet, data_set
from linkage_engine.validate.across import check_across
from linkage_engine.validate.findings import ROW_NUMBER, report_of
from linkage_engine.validate.rows import check
from service.provider.extract import LOCAL_PERSON_ID, private_connection, read_extract, without_persons
from service.provider.mapping import Mapping
from service.provider.person_keys import PersonKeys
from service.provider.persons import (
    Persons,
    births_of,
    extract_identifiers_report,
    persons_of,
    persons_report,
    unidentified_rows,
)
from service.provider.report import DeliveryReport, FileReport


@dataclass(frozen=True)
class Delivery:
    """What was read and what was found; shows only names and counts."""

    mapping: Mapping
    persons: Persons
    payload: dict[str, pa.Table]
    """For each data set its rows as text, `person_key` first."""
    report: DeliveryReport

    def __repr__(self) -> str:
        return f"Delivery({', '.join(self.payload)}, {self.persons})"


def read_delivery(
    mapping: Mapping, *, folder: Path, keys: PersonKeys, leave_out: Sequence[str] = ()
) -> Delivery:
    """Read and check all files of a mapping; raises ExtractUnreadable for a file that is no table.

    Rows of persons to leave out, by local person id, are forgotten as soon as they are read.
    """
    schemas = {file.data_set: data_set(file.data_set) for file in mapping.files}
    with private_connection() as connection:
        extracts = {
            file.data_set: without_persons(
                read_extract(connection, file, schemas[file.data_set], folder=folder),
                leave_out,
                file=file.file,
            )
            for file in mapping.files
        }
        persons = persons_of(connection, list(extracts.values()), keys=keys)
        keyed = {name: _keyed(extract, schemas[name], persons) for name, extract in extracts.items()}
        checked = {
            name: check(connection, table, schemas[name], extract_date=mapping.extract_date)
            for name, table in keyed.items()
        }
        across = check_across(connection, keyed, births=births_of(persons))
    reports = []
    for file in mapping.files:
        name, extract = file.data_set, extracts[file.data_set]
        own = checked[name]
        found = (*own.findings, *across[name], *unidentified_rows(extract, persons))
        rows = report_of(schemas[name], own.rows, found)
        identifiers = extract_identifiers_report(extract, persons.spellings) if file.identifiers else None
        reports.append(FileReport(file=file.file, rows=rows, identifiers=identifiers))
    return Delivery(
        mapping=mapping,
        persons=persons,
        payload={name: table.drop_columns([ROW_NUMBER]) for name, table in keyed.items()},
        report=DeliveryReport(
            provider_id=mapping.provider_id,
            extract_date=mapping.extract_date,
            files=tuple(reports),
            persons=persons_report(persons),
        ),
    )


def _keyed(extract: pa.Table, schema: DataSet, persons: Persons) -> pa.Table:
    """The data set's columns with the person key in the place of the local person id, and row numbers."""
    keys = persons.keys_of(extract.column(LOCAL_PERSON_ID))
    columns = {name: extract.column(name) for name in (*schema.columns, ROW_NUMBER) if name != PERSON_KEY}
    return pa.table({PERSON_KEY: keys, **columns})
