"""A search of the log: what is asked for, and the entries found as a table, JSON, JSON Lines or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from service.audit.archive import shown
from service.client import Client
from service.problems.tools import ServiceUnreachable

FILTERS = {
    "person": "person",
    "actor": "actor",
    "subject": "subject",
    "project": "project",
    "action": "action",
    "outcome": "outcome",
    "since": "from",
    "until": "to",
}
"""What a search may say: as the tools call it, and as the service does."""
COLUMNS = (
    "sequence",
    "log_index",
    "at",
    "action",
    "actor",
    "subject",
    "project",
    "outcome",
    "entry_id",
    "detail",
)
IN_TABLE = ("sequence", "at", "actor", "action", "subject", "project", "outcome")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet computes a cell that begins so (OWASP, CSV injection); an apostrophe makes it text."""
ADDRESS = "/log/entries"
PAGE = 500
DATE = len("2026-11-22")

Found = Mapping[str, Any]
"""An entry as the service shows it."""


class Form(StrEnum):
    """How entries are written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def asked(options: Mapping[str, Any]) -> dict[str, str]:
    """The search that the options of a command say."""
    said = {there: options[here] for here, there in FILTERS.items()}
    return {name: str(word) for name, word in said.items() if word is not None}


def first_moment(text: str) -> str:
    """A day's first moment in UTC, or a moment with its time zone; raises ValueError for another text."""
    return _moment(text, days=0)


def moment_after(text: str) -> str:
    """The moment at which a day is over in UTC, or a moment with its time zone; raises ValueError."""
    return _moment(text, days=1)


def _moment(text: str, *, days: int) -> str:
    if len(text) == DATE:
        day = date.fromisoformat(text) + timedelta(days=days)
        return datetime(day.year, day.month, day.day, tzinfo=UTC).isoformat()
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        msg = "a moment needs its time zone"
        raise ValueError(msg)
    return moment.isoformat()


def entries_after(client: Client, search: Mapping[str, str], *, after: int, limit: int) -> list[Found]:
    """One page of the entries that fit; raises ServiceUnreachable when the answer is none."""
    return _forward([client.get(ADDRESS, after=after, limit=limit, **search)])


def every_entry(client: Client, search: Mapping[str, str]) -> list[Found]:
    """All entries that fit, page by page; raises ServiceUnreachable when an answer does not go forward."""
    return _forward(client.pages(ADDRESS, limit=PAGE, **search))


def _forward(pages: Iterable[object]) -> list[Found]:
    """The entries of pages that are entries, each beyond the one before: no page comes round again."""
    found: list[Found] = []
    last = 0
    for page in pages:
        for entry in page if isinstance(page, list) else [None]:
            if not isinstance(entry, dict) or entry.keys() != set(COLUMNS):
                raise ServiceUnreachable
            if not isinstance(entry["sequence"], int) or entry["sequence"] <= last:
                raise ServiceUnreachable
            found.append(entry)
            last = entry["sequence"]
    return found


def as_table(found: Iterable[Found]) -> str:
    """A line an entry, in columns; what cannot be printed is a question mark."""
    rows = [IN_TABLE] + [tuple(_plain(entry[name]) for name in IN_TABLE) for entry in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_json(found: Iterable[Found]) -> str:
    """One list."""
    return json.dumps(list(found), indent=2) + "\n"


def as_jsonl(found: Iterable[Found]) -> str:
    """A line of JSON an entry."""
    return "".join(f"{json.dumps(entry)}\n" for entry in found)


def as_csv(found: Iterable[Found]) -> str:
    """A row an entry (RFC 4180), details as JSON; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(entry[name]) for name in COLUMNS] for entry in found)
    return text.getvalue()


WRITTEN: Mapping[Form, Callable[[Iterable[Found]], str]] = {
    Form.TABLE: as_table,
    Form.JSON: as_json,
    Form.JSONL: as_jsonl,
    Form.CSV: as_csv,
}


def _plain(value: object) -> str:
    return "" if value is None else shown(str(value))


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
