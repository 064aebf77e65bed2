"""First events after a diagnosis in plain Python, one day at a time; their incidence in exact fractions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import count, product

from linkage_engine.contract.query_spec import EventKind, SocialCareSpec
from linkage_engine.query.around_diagnosis.reference import (
    DAY,
    Case,
    Life,
    Row,
    case_of,
    groups_of,
    is_in,
    labels_of,
    lives_of,
)

LAST = 548


@dataclass
class Courses:
    """Of one kind of event: everybody's last day in view, and to whom what happened then or before."""

    days: dict[int, int] = field(default_factory=dict)
    happened: set[int] = field(default_factory=set)
    died: set[int] = field(default_factory=set)
    before: set[int] = field(default_factory=set)

    def incidence(self, until: int) -> Fraction | None:
        """Aalen and Johansen's share to whom the event has happened by a day; nothing of nobody.

        The sum over days of the share free of event and death before the day, times the share of those in
        view to whom the event happens on it.
        """
        if not self.days:
            return None
        free, found = Fraction(1), Fraction(0)
        for day in sorted({each for each in self.days.values() if each <= until}):
            now = {person for person, last in self.days.items() if last == day}
            in_view = sum(last >= day for last in self.days.values())
            found += free * Fraction(len(now & self.happened), in_view)
            free *= 1 - Fraction(len(now & (self.happened | self.died)), in_view)
        return found


Cells = dict[tuple[str, ...], dict[str, Courses]]
"""By labels, then by kind of event."""


def first_events_reference(
    spec: SocialCareSpec, tables: Mapping[str, Iterable[Row]], *, data_end: date
) -> Cells:
    """Every cell of an answer; `tables` has the tables of a run as rows of dictionaries."""
    kinds = spec.parameters.events
    cells: Cells = {
        labels: {kind.value: Courses() for kind in kinds}
        for labels in product(*(labels_of(spec, breakdown) for breakdown in spec.breakdowns))
    }
    for life, (title, group) in product(lives_of(tables), groups_of(spec)):
        case = case_of(spec, life, group, title=title, data_end=data_end)
        for (labels, cell), kind in product(cells.items(), kinds):
            if case is not None and is_in(case, dict(zip(spec.breakdowns, labels, strict=True))):
                _add(cell[kind.value], case, life, _days(spec, case, life, kind), data_end=data_end)
    return cells


def _days(spec: SocialCareSpec, case: Case, life: Life, kind: EventKind) -> set[int]:
    """The days of the case's time in view on which such an event happened."""
    happened = {day for name, day in life.events(spec) if name == kind.value}
    return {number for number, day in case.days.items() if day in happened}


def _add(courses: Courses, case: Case, life: Life, events_on: set[int], *, data_end: date) -> None:
    after = sorted(number for number in events_on if number >= 0)
    left = next(number for number in count() if number not in case.days)
    gone = case.days[0] + left * DAY
    courses.before |= {life.number} if any(number < 0 for number in events_on) else set()
    if after:
        courses.days[life.number] = after[0]
        courses.happened.add(life.number)
    elif left <= LAST and gone < data_end and life.dead(gone):
        courses.days[life.number] = left
        courses.died.add(life.number)
    else:
        courses.days[life.number] = left - 1
