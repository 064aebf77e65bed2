"""Marks: every value of the providers' files becomes one that can be found again wherever it goes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

STEM = "QZXJVKWQ"
"""In every mark of free form: a piece of one is found as well."""
UNREMARKABLE_FROM = date(2024, 1, 1)
"""Permit, question and extract name dates from here on; older ones stand in records alone."""


class Kind(StrEnum):
    """What a mark stands for; where it may be is decided by kind."""

    IDENTIFIER = "identifier"
    LOCAL_ID = "local person id"
    EVENT = "payload value"
    OUT_OF_LIST = "value that no list has"
    HOSTILE = "value that only a hostile provider sends"
    REQUEST = "value of a request"
    PERSON_KEY = "person key"
    LINK_ID = "link id"
    LINKAGE_SECRET = "project linkage secret"
    STEM = "piece of a mark"


@dataclass
class Marks:
    """All that was planted: each spelling, and what it stands for."""

    kinds: dict[str, set[Kind]] = field(default_factory=lambda: {STEM: {Kind.STEM}})
    _given: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, kind: Kind, *spellings: str) -> str:
        """Remember a value by all its spellings; the first one comes back."""
        for spelling in spellings:
            self.kinds.setdefault(spelling, set()).add(kind)
        return spellings[0]

    def word(self, kind: Kind, name: str) -> str:
        """A mark of free form."""
        return self.note(kind, f"{name}{STEM}")

    def of(self, kind: Kind, domain: str, value: str, make: Callable[[int], tuple[str, ...]]) -> str:
        """The mark in the place of a value: equal values of a domain keep being equal, so linking works."""
        place = (domain, value.upper())
        if place not in self._given:
            number = sum(domain == other for other, _ in self._given)
            self._given[place] = self.note(kind, *make(number))
        return self._given[place]


def letters(number: int) -> str:
    """Four letters; the first changes fastest, so that sounds and initials stay varied."""
    found = ""
    for _ in range(4):
        number, at = divmod(number, 26)
        found += chr(ord("A") + at)
    return found


def _postcode(number: int) -> tuple[str, ...]:
    outward, inward = f"ZX{number % 90 + 10}", f"{number // 90 % 10}Q{letters(number // 900)[0]}"
    return f"{outward} {inward}", f"{outward}{inward}"


def _word(number: int) -> tuple[str, ...]:
    return (f"{letters(number)}{STEM}",)


def _address(number: int) -> tuple[str, ...]:
    return (f"{number + 1} {letters(number)}{STEM} ROAD",)


MAKERS: Mapping[str, tuple[Kind, Callable[[int], tuple[str, ...]]]] = {
    "name": (Kind.IDENTIFIER, _word),
    "address": (Kind.IDENTIFIER, _address),
    "postcode": (Kind.IDENTIFIER, _postcode),
    "registry id": (Kind.LOCAL_ID, lambda n: (f"R{n}{STEM}",)),
    "practice id": (Kind.LOCAL_ID, lambda n: (f"G{n}{STEM}",)),
    "tumour id": (Kind.EVENT, lambda n: (f"T{n}-{STEM}",)),
    "practice": (Kind.EVENT, lambda n: (f"Q{97000 + n}",)),
    "area": (Kind.EVENT, lambda n: (f"E01{978000 + n}",)),
}
"""How the values of a domain are marked: in free form, or in a shape that validation lets pass.

Boards and alliances keep their codes: no other passes, and the catalogue names them all.
"""

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "cancer-registry/tumours.csv": {
        "PATIENTID": "registry id",
        "SURNAME": "name",
        "FORENAME": "name",
        "FORENAME2": "name",
        "ADDRESS": "address",
        "POSTCODE": "postcode",
        "TUMOURID": "tumour id",
        "LSOA11_CODE": "area",
    },
    "cancer-registry/deaths.csv": {"PATIENTID": "registry id"},
    "gp-federation/patients.csv": {
        "patient_ref": "practice id",
        "last_name": "name",
        "first_name": "name",
        "middle_names": "name",
        "former_name": "name",
        "address": "address",
        "post_code": "postcode",
        "practice": "practice",
        "lsoa": "area",
    },
}
NHS_NUMBERS = frozenset({"NHSNUMBER", "nhs_no"})
"""Unique and with a check digit as they are: they are their own marks."""
DATES: Mapping[str, tuple[Kind, str]] = {
    "BIRTHDATEBEST": (Kind.IDENTIFIER, "%d/%m/%Y"),
    "DIAGNOSISDATEBEST": (Kind.EVENT, "%d/%m/%Y"),
    "VITALSTATUSDATE": (Kind.EVENT, "%d/%m/%Y"),
    "DEATHDATE": (Kind.EVENT, "%d/%m/%Y"),
    "dob": (Kind.IDENTIFIER, "%Y%m%d"),
    "reg_start": (Kind.EVENT, "%Y%m%d"),
    "reg_end": (Kind.EVENT, "%Y%m%d"),
}
"""Their own marks too, written with hyphens or strokes; eight digits alone come about by chance."""
ONE_ROW: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "cancer-registry/tumours.csv": ("SITE_ICD10_O2", ("C96.XQ", "C96XQ")),
    "cancer-registry/deaths.csv": ("DEATHCAUSECODE_UNDERLYING", ("U98.XQ", "U98XQ")),
}
"""A code that one row alone has."""


def plant(providers: Path, marks: Marks) -> None:
    """Mark the files of all providers where they lie."""
    for file, columns in COLUMNS.items():
        rows = read_rows(providers / file)
        for row in rows:
            for column, value in row.items():
                if value:
                    row[column] = _marked(marks, column, columns.get(column), value)
        if file in ONE_ROW:
            column, spellings = ONE_ROW[file]
            rows[0][column] = marks.note(Kind.EVENT, *spellings)
        write_rows(providers / file, rows)


def _marked(marks: Marks, column: str, domain: str | None, value: str) -> str:
    if domain is not None:
        kind, make = MAKERS[domain]
        return marks.of(kind, domain, value, make)
    if column in NHS_NUMBERS:
        marks.note(Kind.IDENTIFIER, value, value.replace(" ", ""))
    if column in DATES:
        kind, form = DATES[column]
        day = datetime.strptime(value, form).date()  # noqa: DTZ007  # a day has no time zone
        if day < UNREMARKABLE_FROM:
            marks.note(kind, day.isoformat(), day.strftime("%d/%m/%Y"))
    return value


def plant_out_of_list(file: Path, marks: Marks, *, sparing: frozenset[str]) -> None:
    """One value per column that no code list, pattern or type allows, each in a row of its own."""
    rows = read_rows(file)
    columns = [column for column in rows[0] if column not in sparing]
    for row, column in zip(rows, columns, strict=False):
        row[column] = marks.word(Kind.OUT_OF_LIST, f"{column.replace('_', '')}X")
    write_rows(file, rows)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows in the place of those that are there."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
