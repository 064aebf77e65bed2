"""Survival curves: steps on a fixed grid, each of several events, as far as enough people are in view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.policy_parts import Survival
from linkage_engine.disclosure.rounding import Counts

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Course:
    """For each person the last day in view, whether the event happened then, or another that prevents it.

    Where both did, the event counts.
    """

    days: Counts
    happened: Flags
    prevented: Flags

    def __repr__(self) -> str:
        return "Course(withheld)"

    def in_view(self, day: int) -> Flags:
        """Who is seen after a day, or up to the end of it without any event."""
        seen: Flags = (self.days > day) | ((self.days == day) & ~self.happened & ~self.prevented)
        return seen


@dataclass(frozen=True)
class Step:
    """What happened up to a day since the step before, and people in view at the beginning of it."""

    day: int
    at_risk: int
    events: int
    prevented: int


@dataclass(frozen=True)
class Steps:
    """The steps of a curve that may be told, and the last day of which it may speak."""

    steps: tuple[Step, ...]
    ends: int


def course(of: Course, *, rule: Survival, at_least: int) -> Steps:
    """The steps of a curve that may be told, and where it ends.

    1. Days are gathered to the end of their grid interval; day 0 belongs to the first.
    2. Intervals are joined until the first step has as many events as may be told at all (`at_least`), and
       every later one `step_min_events`; events left over at the end are not told.
    3. The curve ends before the first day of the grid on which fewer than `at_risk_min`, or than may be told
       at all, are in view.
    """
    enough, told = max(rule.at_risk_min, at_least), list[Step]()
    before, ends = np.zeros(of.days.size, dtype=np.bool_), 0
    last = int(of.days.max(initial=0))
    for end in range(rule.grid_days, last + rule.grid_days, rule.grid_days):
        if of.in_view(end).sum() < enough:
            break
        ends, inside = end, (of.days <= end) & ~before
        events = int((inside & of.happened).sum())
        if events >= (rule.step_min_events if told else max(at_least, rule.step_min_events)):
            prevented = int((inside & of.prevented & ~of.happened).sum())
            told.append(Step(end, int((~before).sum()), events, prevented))
            before = of.days <= end
    return Steps(tuple(told), ends)


@dataclass(frozen=True)
class Point:
    """A point of a curve: the shares to whom the event has not happened, and to whom it has."""

    day: int
    surviving: float
    incidence: float


def points(steps: Sequence[Step], rounded: Callable[[Counts], Counts]) -> tuple[Point, ...]:
    """The points after each step, from rounded numbers alone.

    Rounded are people in view and, so that errors do not add up, everything that happened so far
    (the method of OpenSAFELY's `kaplan-meier-function`). Everything within a step counts as on its last
    day, events before departures. Survival is Kaplan and Meier's product (Journal of the American
    Statistical Association 53, 1958), incidence Aalen and Johansen's sum (Scandinavian Journal of
    Statistics 5, 1978), in which what prevents the event ends being at risk of it.
    """
    at_risk = rounded(np.array([step.at_risk for step in steps], dtype=np.int64)).tolist()
    events = _rises([step.events for step in steps], rounded)
    prevented = _rises([step.prevented for step in steps], rounded)
    return tuple(_followed([step.day for step in steps], at_risk, events, prevented))


def exact_point(of: Course, *, until: int) -> Point:
    """The point of a day from every single day up to it, nothing rounded: for checkers, not for release."""
    days = np.unique(of.days[of.days <= until]).tolist()
    at_risk = [int((of.days >= day).sum()) for day in days]
    now = [of.days == day for day in days]
    events = [int((each & of.happened).sum()) for each in now]
    prevented = [int((each & of.prevented & ~of.happened).sum()) for each in now]
    told = list(_followed(days, at_risk, events, prevented))
    return told[-1] if told else Point(until, 1.0, 0.0)


def _followed(
    days: Sequence[int], at_risk: Sequence[int], events: Sequence[int], prevented: Sequence[int]
) -> Iterator[Point]:
    """The products and sums along a curve."""
    surviving, free, incidence = 1.0, 1.0, 0.0
    for day, people, rise, other in zip(days, at_risk, events, prevented, strict=True):
        happened = min(rise, people)
        gone = min(other, people - happened)
        surviving *= 1 - happened / people
        incidence += free * happened / people
        free *= 1 - (happened + gone) / people
        yield Point(day, surviving, incidence)


def _rises(counts: Sequence[int], rounded: Callable[[Counts], Counts]) -> list[int]:
    """By how much the rounded total grows at each step."""
    so_far = rounded(np.cumsum(np.array(counts, dtype=np.int64)))
    rises: list[int] = np.diff(so_far, prepend=0).tolist()
    return rises
