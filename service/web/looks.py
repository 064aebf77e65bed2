"""Looks: requests that change nothing, answered together once the entries of all of them are committed.

Reading takes a look little time. What takes most is what many of them can share: a change of thread, a
transaction to read in, and one to enter in, which waits for the write lock of the whole database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field

import sqlalchemy as sa
from fastapi import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from service.audit.records import EntryRow, add_entries

Answered = tuple[Response, Sequence[EntryRow]]
"""An answer, and the entries without which it is not given."""


@dataclass(frozen=True, slots=True)
class Look:
    """A request that only reads: how it is answered, in what surrounds it."""

    answer: Callable[[sa.Connection], Answered]
    context: Context = field(default_factory=copy_context)


@dataclass(frozen=True, slots=True)
class Looking:
    """Answers looks: all in one transaction that reads, and their entries in one that writes.

    What the looks see is as of a moment after the last of them was asked.
    """

    reading: sa.Engine
    entering: sessionmaker[Session]

    def answer_all(self, looks: Sequence[Look]) -> list[Response | Exception]:
        """For each look its answer or why there is none; raises why the entries could not be committed."""
        with self.reading.connect() as connection:
            answers = [_answered(look, connection) for look in looks]
        rows = [row for answer in answers if isinstance(answer, tuple) for row in answer[1]]
        if rows:
            with self.entering.begin() as session:
                add_entries(session, rows)
        return [answer[0] if isinstance(answer, tuple) else answer for answer in answers]


def _answered(look: Look, connection: sa.Connection) -> Answered | Exception:
    if not connection.in_transaction():
        connection.begin()
    try:
        return look.context.run(look.answer, connection)
    except Exception as fault:  # noqa: BLE001  # raised again where the answer is waited for
        if isinstance(fault, DBAPIError):
            connection.rollback()  # PostgreSQL answers nothing more in a transaction that failed
        return fault
