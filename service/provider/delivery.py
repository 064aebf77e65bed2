"""A delivery before it is sealed: every file read, checked, and its persons given their keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from linkage_engine.catalogue.data_sets import PERSON_KEY, DataSet
from linkage_engine.contract.manifest import LeftOutReason
from linkage_engine.contract.reports import Resubmissions
from linkage_engine.validate.across import check_across
from linkage_engine.validate.findings import ROW_NUMBER, report_of
from linkage_engine.validate.resubmissions.join import joined
from linkage_engine.validate.rows import check
from service.problems.provider_tool import ExtractUnreadable
from service.provider.extract import LOCAL_PERSON_ID, private_connection, read_extract
from service.provider.left_out import Excluded, LeavingOut, in_force
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
    mapping: Mapping, *, folder: Path, keys: PersonKeys, leave_out: Sequence[str] | None = None
) -> Delivery:
    """Read and check all files of a mapping; raises ExtractUnreadable for a file that is no table.

    Rows of persons to leave out, by local person id, and of those who opted out are forgotten as soon as they
    are read; how many there were is in the report. Opt-outs that fail their own checks leave nobody out, and
    nothing is sealed.
    """
    schemas = {file.data_set: file.form for file in mapping.sent}
    with private_connection() as connection:
        opted, opt_outs = _opt_outs(connection, mapping, folder)
        own = {LeftOutReason.LIST: leave_out} if leave_out is not None else {}
        leaving = LeavingOut({**own, **opted})
        extracts = {
            file.data_set: leaving.of(
                read_extract(connection, file, schemas[file.data_set], folder=folder),
                file=file.file,
                data_set=file.data_set,
            )
            for file in mapping.sent
        }
        persons = persons_of(connection, list(extracts.values()), keys=keys)
        keyed = {name: _keyed(extract, schemas[name], persons) for name, extract in extracts.items()}
        resubmitted = _each_event_once(connection, keyed, mapping)
        checked = {
            name: check(connection, table, schemas[name], extract_date=mapping.extract_date)
            for name, table in keyed.items()
        }
        across = check_across(connection, keyed, births=births_of(persons))
    reports = []
    for file in mapping.sent:
        name, extract = file.data_set, extracts[file.data_set]
        found = (*checked[name].findings, *across[name], *unidentified_rows(extract, persons))
        rows = report_of(schemas[name], checked[name].rows, found)
        identifiers = extract_identifiers_report(extract, persons.spellings) if file.identifiers else None
        reports.append(FileReport(file=file.file, rows=rows, identifiers=identifiers))
    return Delivery(
        mapping=mapping,
        persons=persons,
        payload={name: table.drop_columns([ROW_NUMBER]) for name, table in keyed.items()},
        report=DeliveryReport(
            provider_id=mapping.provider_id,
            extract_date=mapping.extract_date,
            files=(*reports, *opt_outs),
            persons=persons_report(persons),
            left_out=leaving.counted(),
            resubmissions=resubmitted,
        ),
    )


def _each_event_once(
    connection: duckdb.DuckDBPyConnection, keyed: dict[str, pa.Table], mapping: Mapping
) -> Resubmissions | None:
    """One row of each event in the place of all; raises ExtractUnreadable where no period is told."""
    for file in mapping.sent:
        if file.form.same_event is not None:
            found = joined(connection, keyed[file.data_set], file.form)
            if found.counts.submissions > 1 and found.counts.first_quarter is None:
                fault = "has several submissions and no quarter that one of them covers"
                raise ExtractUnreadable(faults=[{"pointer": file.file, "code": fault}])
            keyed[file.data_set] = found.table
            return found.counts
    return None


def _opt_outs(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, folder: Path
) -> tuple[Excluded, tuple[FileReport, ...]]:
    """Who opted out, by kind, and what was found in the file of opt-outs; nothing where there is none."""
    file = mapping.opt_outs
    if file is None:
        return {}, ()
    extract = read_extract(connection, file, file.form, folder=folder)
    # Nobody has a person key here: the provider's own id stands in for it, as it does in the file.
    numbers = extract.column(LOCAL_PERSON_ID).combine_chunks().dictionary_encode().indices.to_pylist()
    named = pa.array([None if number is None else f"{number:032x}" for number in numbers], pa.string())
    columns = {name: extract.column(name) for name in (*file.form.columns, ROW_NUMBER) if name != PERSON_KEY}
    rows = check(
        connection, pa.table({PERSON_KEY: named, **columns}), file.form, extract_date=mapping.extract_date
    )
    found = in_force(extract, mapping.extract_date) if rows.passed else {}
    return found, (FileReport(file=file.file, rows=rows, identifiers=None),)


def _keyed(extract: pa.Table, schema: DataSet, persons: Persons) -> pa.Table:
    """The data set's columns with the person key in the place of the local person id, and row numbers."""
    keys = persons.keys_of(extract.column(LOCAL_PERSON_ID))
    columns = {name: extract.column(name) for name in (*schema.columns, ROW_NUMBER) if name != PERSON_KEY}
    return pa.table({PERSON_KEY: keys, **columns})
