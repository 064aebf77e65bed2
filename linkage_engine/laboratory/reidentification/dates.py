"""Dates of birth from tokens of their parts: calendars have a shape, and known people name its places."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from linkage_engine.laboratory.reidentification.classes import chained, looked_up, most_voted
from linkage_engine.laboratory.reidentification.seen import NONE, Codes, Seen
from linkage_engine.laboratory.reidentification.wanted import Known, PublicTables

FIELD = "date_of_birth"
PARTS = ("birth_year", "dob_year_month", "dob_year_day", "dob_month_day", "dob")
DAYS_OF = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONTHS_WITH = [sum(length >= day for length in DAYS_OF) for day in range(1, 32)]
LEAP_DAY = 229
NEVER = 1e6
HEAPED = 1.5
"""How much commoner than any other day 1 January is before it gives itself away."""


def named_dates(seen: Seen, known: Known, public: PublicTables | None) -> Codes:
    """A date for each record as a number such as 19480705, NONE where the attacker cannot say.

    Days of one month share tokens with its years, so chains of them are months, and likewise days; an
    exchange of day and month ties months to days; known people name them. What is left is told by how many
    days a month has, by 1 January, by leap years and by how many people were born in a year.
    """
    guesses = _shared(seen, known)
    if any(part not in seen.scalars for part in PARTS):
        return guesses
    month, day = _months_and_days(seen, known, told=public is not None)
    years = most_voted_years(seen, known)
    if public is not None:
        years = _by_number_born(seen, years, month * 100 + day == LEAP_DAY, public.year_shares)
    year = looked_up(years, seen.scalars["birth_year"])
    told = (guesses == NONE) & (year != NONE) & (month != NONE) & (day != NONE)
    return np.where(told, year * 10000 + month * 100 + day, guesses)


def most_voted_years(seen: Seen, known: Known) -> Codes:
    """The year of each token of a year of birth that a known person has."""
    return _named(seen.scalars["birth_year"], known.rows, known.values[FIELD] // 10000)


def _shared(seen: Seen, known: Known) -> Codes:
    """What a known person's own token says of the records that have it too."""
    if "dob" not in seen.scalars:
        return np.full(seen.rows, NONE, dtype=np.int64)
    dob = seen.scalars["dob"]
    return looked_up(_named(dob, known.rows, known.values[FIELD]), dob)


def _named(codes: Codes, rows: Codes, values: Codes) -> Codes:
    """The value of each code by vote of known records; an unknown value, below 0, has no vote."""
    votes = np.where(values < 0, NONE, values)
    return most_voted(codes[rows], votes, size=int(codes.max(initial=NONE)) + 1)


def _months_and_days(seen: Seen, known: Known, *, told: bool) -> tuple[Codes, Codes]:
    """The month and the day of each record, as far as they can be told."""
    has = seen.scalars["dob"] != NONE
    ym, yd, md = (
        np.where(has, seen.scalars[f"dob_{p}"], NONE) for p in ("year_month", "year_day", "month_day")
    )
    months = np.where(has, chained(seen.rows, (ym, md)), NONE)
    days = np.where(has, chained(seen.rows, (yd, md)), NONE)
    true = known.values[FIELD]
    month_of = _named(months, known.rows, np.where(true < 0, NONE, true // 100 % 100))
    day_of = _named(days, known.rows, np.where(true < 0, NONE, true % 100))
    if told:
        first = _heaped(md)
        month_of, day_of = _first(month_of, months, first), _first(day_of, days, first)
    month_of, day_of = _tied(seen, (months, days), (month_of, day_of))
    if told:
        month_of = _by_shape(months, md, month_of, DAYS_OF)
        month_of, day_of = _tied(seen, (months, days), (month_of, day_of))
        day_of = _by_shape(days, md, day_of, MONTHS_WITH)
    return looked_up(month_of, months), looked_up(day_of, days)


def _tied(seen: Seen, classes: tuple[Codes, Codes], named: tuple[Codes, Codes]) -> tuple[Codes, Codes]:
    """What is known of days said of months and the other way, where swapped dates meet dates."""
    (months, days), (month_of, day_of) = classes, named
    dob, swapped = seen.scalars["dob"], seen.scalars.get("dob_swapped")
    if swapped is None:
        return named
    size = max(int(dob.max(initial=NONE)), int(swapped.max(initial=NONE))) + 1
    example = np.full(size, NONE, dtype=np.int64)
    example[dob[dob != NONE]] = np.flatnonzero(dob != NONE)
    there = np.flatnonzero((swapped != NONE) & (looked_up(example, swapped) != NONE))
    here = example[swapped[there]]
    day_votes = most_voted(days[here], looked_up(month_of, months[there]), size=len(day_of))
    month_votes = most_voted(months[here], looked_up(day_of, days[there]), size=len(month_of))
    return (
        np.where(month_of == NONE, month_votes, month_of),
        np.where(day_of == NONE, day_votes, day_of),
    )


def _heaped(month_days: Codes) -> int:
    """A record born on the day on which far more people are born than on any other: 1 January."""
    sizes = np.bincount(month_days[month_days != NONE], minlength=2)
    second, most = np.argsort(sizes)[-2:]
    return int(np.flatnonzero(month_days == most)[0]) if sizes[most] > HEAPED * sizes[second] else NONE


def _first(named: Codes, classes: Codes, record: int) -> Codes:
    """The class of a record called the first, unless that is known otherwise."""
    if record == NONE or 1 in named or named[classes[record]] != NONE:
        return named
    return np.where(np.arange(len(named)) == classes[record], 1, named)


def _by_shape(classes: Codes, month_days: Codes, named: Codes, lengths: Sequence[int]) -> Codes:
    """Unnamed months or days named by how many days of the calendar each has."""
    pairs = np.unique(np.stack([classes, month_days])[:, classes != NONE], axis=1)
    found = np.bincount(pairs[0], minlength=len(named))
    values = np.setdiff1d(np.arange(1, len(lengths) + 1), named)
    return _assigned(named, values, np.abs(found[:, np.newaxis] - np.array(lengths)[values - 1]))


def _by_number_born(seen: Seen, named: Codes, is_leap_day: Codes, shares: Mapping[int, float]) -> Codes:
    """Unnamed years named by how many were born in them, a 29 February telling leap years."""
    codes = seen.scalars["birth_year"]
    sizes = np.bincount(codes[codes != NONE], minlength=len(named))
    leaps = np.bincount(codes[(codes != NONE) & is_leap_day.astype(np.bool_)], minlength=len(named))
    years = np.setdiff1d(np.array(sorted(shares)), named)
    expected = np.array([shares[int(year)] for year in years]) * sizes.sum() + 0.5
    gap = (sizes[:, np.newaxis] - expected) ** 2 / (expected + (0.05 * expected) ** 2)
    is_leap = np.array([isleap(int(year)) for year in years], dtype=np.bool_)
    return _assigned(named, years, gap + NEVER * ((leaps[:, np.newaxis] > 0) & ~is_leap))


def _assigned(named: Codes, values: Codes, cost: np.ndarray) -> Codes:
    """Classes without a name get the free values at the least cost, each value once."""
    free = np.flatnonzero(named == NONE)
    rows, columns = linear_sum_assignment(cost[free])
    found = named.copy()
    found[free[rows]] = values[columns]
    return found
