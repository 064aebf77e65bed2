"""How often people meet a service: by age, unequally, and more about a diagnosis of cancer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.lifespan import DAYS_A_YEAR, EXTRACT_DATE
from linkage_engine.laboratory.england.people import Person

SINCE = date(2021, 4, 1)
"""The trust and the council send what happened from this day on."""

# Few people have most contacts; the mean is one.
USE = Weighted.of({0.1: 50.0, 0.8: 30.0, 2.5: 15.0, 6.7: 5.0})

# Days from a diagnosis: the quarter before it, the quarter after it, the rest of fifteen months.
BEFORE, SOON, LATER = -91, 91, 456


@dataclass(frozen=True, slots=True)
class Rates:
    """Contacts a year from each of these ages on."""

    ages: tuple[int, ...]
    a_year: tuple[float, ...]

    def at(self, age: float) -> float:
        """The rate of an age in years."""
        return self.a_year[bisect_right(self.ages, age) - 1]


@dataclass(frozen=True, slots=True)
class Rise:
    """How many times as often about a diagnosis: the quarter before, the quarter after, until 15 months."""

    before: float
    soon: float
    later: float

    def on(self, day: date, diagnoses: tuple[date, ...]) -> float:
        """The highest factor that any of the diagnoses gives to a day."""
        return max((self._about((day - diagnosis).days) for diagnosis in diagnoses), default=1.0)

    def _about(self, days: int) -> float:
        if not BEFORE <= days < LATER:
            return 1.0
        return self.before if days < 0 else self.soon if days < SOON else self.later


def diagnoses_of(person: Person) -> tuple[date, ...]:
    """Days of diagnosis of all cancers: C00 to C97 without C44."""
    tumours = person.history.tumours
    return tuple(t.diagnosed for t in tumours if t.site.startswith("C") and not t.site.startswith("C44"))


def last_day(person: Person) -> date:
    """The day of death, or of the extract."""
    return person.died or EXTRACT_DATE


def contacts(
    dice: Dice, person: Person, *, ages: tuple[int, ...], rate: Callable[[date, float], float]
) -> Iterator[date]:
    """Days of a Poisson process from SINCE to the last day; `rate(day, age)` is contacts a year.

    The rate may change at birthdays of `ages` and at the bounds about a diagnosis, and nowhere else.
    """
    born = person.born.toordinal()  # days are counted as numbers: this is done for everybody, many times
    start, end = max(SINCE.toordinal(), born), last_day(person).toordinal()
    cuts = {start, *(born + days for days in _birthdays(ages) if start < born + days <= end)}
    for diagnosis in diagnoses_of(person):
        turns = (diagnosis.toordinal() + days for days in (BEFORE, 0, SOON, LATER))
        cuts |= {turn for turn in turns if start < turn <= end}
    for first, following in pairwise([*sorted(cuts), end + 1]):
        a_year = rate(date.fromordinal(first), (first - born) / DAYS_A_YEAR + 1 / DAYS_A_YEAR)
        day = 0.0
        while a_year and (day := day + dice.waiting_time() / a_year * DAYS_A_YEAR) < following - first:
            yield date.fromordinal(first + int(day))


@cache
def _birthdays(ages: tuple[int, ...]) -> tuple[int, ...]:
    """Days from birth to each of these ages."""
    return tuple(round(age * DAYS_A_YEAR) for age in ages)
