"""Reading a provider's CSV files as text, and writing values as the catalogue writes them."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa

from linkage_engine.catalogue.data_sets import PERSON_KEY, DataSet
from linkage_engine.validate.findings import ROW_NUMBER
from linkage_engine.validate.sql import identifier, trimmed
from linkage_engine.validate.written import catalogued, reread, translated
from service.problems.provider_tool import ExtractUnreadable
from service.provider.mapping import FileMapping

LOCAL_PERSON_ID = "local_person_id"
IDENTIFIER_PREFIX = "identifier_"
"""Set before the names of identifiers, because a payload field may have the same name."""
CHUNK_BYTES = 1 << 20
_HEADER_BYTES_MAX = 1 << 16


def private_connection() -> duckdb.DuckDBPyConnection:
    """A database in memory that never spills to a disk and loads no extension."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": "",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
    }
    return duckdb.connect(config=settings)


def read_extract(
    connection: duckdb.DuckDBPyConnection, file: FileMapping, schema: DataSet, *, folder: Path
) -> pa.Table:
    """The rows of a file as text: `local_person_id`, identifiers, the data set's fields, `row_number`.

    Values are trimmed, codes translated, dates written in ISO form where they can be read; blanks and
    columns that are not mapped are null. Identifiers stand under their names with `identifier_` before them.
    Raises ExtractUnreadable naming files, columns of the mapping and row numbers only.
    """
    path = folder / file.file
    _check_text(path, file.file)
    header = _header(path, file.file)
    missing = [column for column in file.used_columns if column not in header]
    if missing:
        raise _unreadable(file.file, *(f"has no column {column}" for column in missing))
    rows = _read(connection, path, file=file.file, columns=len(header))
    table = rows.project(_projection(file, schema, header)).to_arrow_table()
    if not table.num_rows:
        raise _unreadable(file.file, "has no rows under its header")
    return table.append_column(ROW_NUMBER, pa.array(range(2, table.num_rows + 2), pa.int64()))


def read_local_ids(path: Path, column: str) -> list[str]:
    """The person ids in a column of a CSV file, trimmed and each once; blanks are passed over.

    Raises ExtractUnreadable, also where there is none.
    """
    _check_text(path, path.name)
    header = _header(path, path.name)
    if column not in header:
        raise _unreadable(path.name, f"has no column {column}")
    with private_connection() as connection:
        rows = _read(connection, path, file=path.name, columns=len(header))
        values = rows.project(trimmed(f"c{header.index(column)}")).to_arrow_table().column(0)
    found: list[str] = values.drop_null().unique().to_pylist()
    if not found:
        raise _unreadable(path.name, f"has nobody in column {column}")
    return found


def _check_text(path: Path, name: str) -> None:
    """Nothing where the file is UTF-8 text without NUL, with or without a byte order mark."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, size = 1, 0
    try:
        with path.open("rb") as source:
            while chunk := source.read(CHUNK_BYTES):
                size += len(chunk)
                decoder.decode(chunk)
                if b"\0" in chunk:
                    line += chunk[: chunk.index(b"\0")].count(b"\n")
                    raise _unreadable(name, f"has a NUL character in line {line}")
                line += chunk.count(b"\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as fault:
        # The decoder may hold back some bytes of the chunk before; no line ends in them.
        line += fault.object[: fault.start].count(b"\n")
        raise _unreadable(name, f"is not UTF-8 in line {line}") from None
    except OSError:
        raise _unreadable(name, "is not there or cannot be opened") from None
    if not size:
        raise _unreadable(name, "is empty")


def _header(path: Path, name: str) -> list[str]:
    """The names of the columns; a name is repeated in no message, because a file may lack its header row."""
    with path.open(encoding="utf-8-sig", newline="") as source:
        try:
            header = next(csv.reader([*source.readlines(_HEADER_BYTES_MAX)], strict=True), [])
        except csv.Error:
            raise _unreadable(name, "has a header row that is not CSV") from None
    header = [column.strip() for column in header]
    # Spreadsheets write empty columns at the end; without a name nothing is read from them.
    twice = {column for column, times in Counter(header).items() if times > 1 and column}
    if twice:
        places = ", ".join(str(i) for i, column in enumerate(header, start=1) if column in twice)
        raise _unreadable(name, f"has one name for several columns: {places}")
    return header


def _read(
    connection: duckdb.DuckDBPyConnection, path: Path, *, file: str, columns: int
) -> duckdb.DuckDBPyRelation:
    """The file as a table of text columns c0, c1, ...; a blank value is null."""
    # Brackets keep the characters of the name from being read as wildcards.
    exactly = re.sub(r"([*?\[])", r"[\1]", str(path))
    try:
        rows = connection.read_csv(
            exactly,
            header=True,
            auto_detect=False,
            sep=",",
            quotechar='"',
            escapechar='"',
            strict_mode=True,
            columns={f"c{index}": "VARCHAR" for index in range(columns)},
        )
        return connection.from_arrow(rows.to_arrow_table())
    except duckdb.Error as fault:
        # DuckDB's message repeats the line; only its number is taken.
        line = re.search(r"\bLine: (\d+)", str(fault))
        where = f" in line {line[1]}" if line else ""
        raise _unreadable(file, f"does not have {columns} values{where}, or a quote is left open") from None


def _projection(file: FileMapping, schema: DataSet, header: list[str]) -> str:
    place = {column: f"c{index}" for index, column in enumerate(header)}
    chosen = [f"{trimmed(place[file.local_person_id])} AS {LOCAL_PERSON_ID}"]
    for name, column in file.identifiers.items():
        value = translated(trimmed(place[column]), file.codes.get(name, {}))
        if name == "date_of_birth":
            value = reread(value, file.date_format, "%Y-%m-%d")
        chosen.append(f"{value} AS {identifier(IDENTIFIER_PREFIX + name)}")
    for field in schema.fields:
        if field.name == PERSON_KEY:
            continue
        if field.name not in file.columns:
            chosen.append(f"CAST(NULL AS VARCHAR) AS {identifier(field.name)}")
            continue
        value = translated(trimmed(place[file.columns[field.name]]), file.codes.get(field.name, {}))
        value = translated(value, file.released.get(field.name, {}), fold="lower")
        value = catalogued(value, field, date_format=file.date_format)
        chosen.append(f"{value} AS {identifier(field.name)}")
    return ", ".join(chosen)


def _unreadable(file: str, *faults: str) -> ExtractUnreadable:
    return ExtractUnreadable(faults=[{"pointer": file, "code": fault} for fault in faults])
