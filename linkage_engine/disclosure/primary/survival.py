"""Survival curves: steps on a fixed grid, each of several events, as far as enough people are at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linkage_engine.disclosure.policy_parts import Survival


@dataclass(frozen=True)
class Step:
    """Events up to a day since the step before, and people at risk at the beginning of it."""

    day: int
    at_risk: int
    events: int


def steps_to_tell(leaving: Sequence[tuple[int, bool]], rule: Survival) -> tuple[Step, ...]:
    """The steps of a curve that may be told, from each person's last day and whether it was an event.

    1. Days are gathered to the end of their grid interval; day 0 belongs to the first.
    2. Intervals are joined until a step has enough events; events left over at the end are not told.
    3. The curve ends before the first step at whose beginning too few are at risk.
    """
    last = max((day for day, _ in leaving), default=0)
    told: list[Step] = []
    start, at_risk = 0, len(leaving)
    for end in range(rule.grid_days, last + rule.grid_days, rule.grid_days):
        if at_risk < rule.at_risk_min:
            break
        inside = [happened for day, happened in leaving if (start < day or not start) and day <= end]
        if sum(inside) >= rule.step_min_events:
            told.append(Step(end, at_risk, sum(inside)))
            start, at_risk = end, at_risk - len(inside)
    return tuple(told)
