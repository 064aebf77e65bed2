"""Registrations with general practice: joined, moved, left, died."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.lifespan import DAYS_A_YEAR, EXTRACT_DATE, WINDOW_START, years_between

NEVER_REGISTERED = 0.015
LEFT_ENGLAND = 0.035
CAME_LATER = 0.12
YEARS_WITH_A_PRACTICE = {True: 15.0, False: 32.0}
"""Mean years until the next change, for people under 35 and others."""
SETTLED_AGE = 35


@dataclass(frozen=True, slots=True)
class Registration:
    """A spell with one practice, from its first day to the first day after it; without end while it lasts."""

    practice: str
    start: date
    end: date | None


def registrations(
    dice: Dice, *, born: date, died: date | None, practices: tuple[str, ...]
) -> tuple[Registration, ...]:
    """The spells of one life, in order, one at a time; a death ends the last on the day after."""
    if dice.chance(NEVER_REGISTERED):
        return ()
    start = _joined(dice, born)
    last = died + timedelta(days=1) if died is not None else None
    if dice.chance(LEFT_ENGLAND):
        left = WINDOW_START + timedelta(days=dice.between(0, (EXTRACT_DATE - WINDOW_START).days))
        last = min(left, last or left)
    spells: list[Registration] = []
    practice = dice.pick(practices)
    while last is None or start < last:
        end = _changed(dice, born, start)
        if end >= (last or EXTRACT_DATE):
            spells.append(Registration(practice, start, last))
            break
        spells.append(Registration(practice, start, end))
        practice = next(p for p in (dice.pick(practices), *practices) if p != practice)
        start = end
    return tuple(spells)


def _joined(dice: Dice, born: date) -> date:
    """Soon after birth; for some, when they came to the area."""
    first = born + timedelta(days=dice.between(3, 60))
    if dice.chance(CAME_LATER):
        first += timedelta(days=int(dice.uniform() * max(0, (EXTRACT_DATE - first).days)))
    return min(first, EXTRACT_DATE)


def _changed(dice: Dice, born: date, start: date) -> date:
    is_young = years_between(born, start) < SETTLED_AGE
    return start + timedelta(
        days=30 + int(YEARS_WITH_A_PRACTICE[is_young] * dice.waiting_time() * DAYS_A_YEAR)
    )
