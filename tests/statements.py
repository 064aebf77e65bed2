"""What was asked of a database, by verb, table and column, as the driver was given it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from migrations.rights import ALL, Rights
from migrations.roles import columns_of

TABLE = r"(?:\w+\.)?(\w+)"
ASKED = {
    "insert": re.compile(rf"INSERT INTO {TABLE}"),
    "delete": re.compile(rf"DELETE FROM {TABLE}"),
    "select": re.compile(rf"(?<!DELETE )(?:FROM|JOIN) {TABLE}"),
}
GIVEN_BACK = re.compile(rf"INSERT INTO {TABLE}.* RETURNING ", re.DOTALL)
CHANGED = re.compile(rf"^UPDATE {TABLE} SET (.*?) WHERE", re.DOTALL)
CHANGED_AGAIN = re.compile(rf"INSERT INTO {TABLE}.*DO UPDATE SET (.*?)(?:RETURNING|$)", re.DOTALL)


@dataclass
class Asked:
    """Every right that statements made use of: `verb table` or `update table.column`."""

    rights: set[str] = field(default_factory=set)

    def listen(self, engines: Iterable[sa.Engine]) -> None:
        for engine in engines:
            event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _: object, __: object, statement: str, *___: Any) -> None:
        for verb, pattern in ASKED.items():
            self.rights |= {f"{verb} {table}" for table in pattern.findall(statement)}
        self.rights |= {f"select {table}" for table in GIVEN_BACK.findall(statement)}
        self.rights |= {f"select {table}" for table, _ in CHANGED_AGAIN.findall(statement)}
        for table, columns in [*CHANGED.findall(statement), *CHANGED_AGAIN.findall(statement)]:
            self.rights |= {f"update {table}.{column}" for column in re.findall(r"(\w+) ?= ?", columns)}


def given(rights: Mapping[str, Rights]) -> set[str]:
    """The same words for the rights that a process was given."""
    return {
        f"{verb} {table}" if verb != "update" or columns == ALL else f"{verb} {table}.{column}"
        for table, of_table in rights.items()
        for verb, columns in columns_of(of_table).items()
        for column in columns
    }
