"""How much of the log is read at once, and what may be searched for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from service.audit.vocabulary import Action, Outcome
from service.problems.requests import PeriodInvalid

PAGE = 100
PAGE_LIMIT = 500


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which entries are looked for: those that fit everything said; nothing said fits all."""

    person: str | None = None
    """Who did it or whom it is about."""
    actor: str | None = None
    subject: str | None = None
    project: str | None = None
    action: Action | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    """The first moment."""
    until: datetime | None = None
    """The first moment that is too late."""

    @property
    def filters(self) -> str:
        """The names of what was said, for the log: what is looked for stays out where it is free text."""
        return "+".join(each.name for each in fields(self) if getattr(self, each.name) is not None)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A page: so many entries after one sequence number, none beyond another."""

    after: int
    upto: int
    limit: int


def check_period(wanted: Wanted) -> None:
    """Raise PeriodInvalid unless the period has a moment."""
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise PeriodInvalid
