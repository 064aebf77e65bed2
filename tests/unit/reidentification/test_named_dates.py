from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from linkage_engine.laboratory.reidentification.dates import named_dates
from linkage_engine.laboratory.reidentification.seen import Codes, Seen
from linkage_engine.laboratory.reidentification.wanted import Known, PublicTables

RECORDS = 6000


def _dates(*, heaped: bool = False) -> Codes:
    random = np.random.default_rng(3)
    days = [date(1940, 1, 1) + timedelta(int(day)) for day in random.integers(0, 365 * 60, RECORDS)]
    numbers = np.array([day.year * 10000 + day.month * 100 + day.day for day in days])
    return np.where(np.arange(RECORDS) < 300 * heaped, numbers // 10000 * 10000 + 101, numbers)


def _seen(dates: Codes, *parts: str) -> Seen:
    """Codes that keep equality alone: every part's values renumbered at random."""
    random = np.random.default_rng(4)
    year, month, day = dates // 10000, dates // 100 % 100, dates % 100
    swapped = np.where((day <= 12) & (day != month), year * 10000 + day * 100 + month, -1)
    parted = {
        "birth_year": year,
        "dob_year_month": dates // 100,
        "dob_year_day": year * 100 + day,
        "dob_month_day": dates % 10000,
    }
    scalars = {name: _renamed(values, random) for name, values in parted.items()}
    together = _renamed(np.concatenate([dates, swapped]), random)
    scalars |= {"dob": together[:RECORDS], "dob_swapped": together[RECORDS:]}
    kept = {name: codes for name, codes in scalars.items() if not parts or name in parts}
    return Seen(RECORDS, kept, {}, {}, {})


def _renamed(values: Codes, random: np.random.Generator) -> Codes:
    found, codes = np.unique(values, return_inverse=True)
    return np.where(values < 0, -1, random.permutation(len(found))[codes])


def _known(dates: Codes, number: int) -> Known:
    rows = np.arange(RECORDS - number, RECORDS)
    return Known(rows, {"date_of_birth": dates[rows]}, np.zeros(number, dtype=np.int64))


def _public(dates: Codes) -> PublicTables:
    years, counts = np.unique(dates // 10000, return_counts=True)
    shares = dict(zip(years.tolist(), (counts / counts.sum()).tolist(), strict=True))
    return PublicTables({}, {}, np.zeros((0, 0)), shares, np.array([], dtype=np.int64))


def test_a_few_hundred_known_people_give_every_date_away_through_tokens_of_its_parts() -> None:
    dates = _dates()
    assert (named_dates(_seen(dates), _known(dates, 400), _public(dates)) == dates).mean() > 0.99


def test_ten_known_people_and_the_shape_of_the_calendar_give_many_dates_away() -> None:
    dates = _dates(heaped=True)
    guesses = named_dates(_seen(dates), _known(dates, 10), _public(dates))
    assert (guesses == dates).mean() > 0.05
    assert (guesses != -1).all()


def test_a_swapped_date_tells_the_day_whose_number_a_known_month_has() -> None:
    dates = _dates()
    with_swaps = named_dates(_seen(dates), _known(dates, 25), None)
    names = [name for name in _seen(dates).scalars if name != "dob_swapped"]
    without = named_dates(_seen(dates, *names), _known(dates, 25), None)
    assert (with_swaps == dates).mean() > (without == dates).mean() > 0


def test_without_parts_only_records_that_share_a_known_persons_date_are_named() -> None:
    dates = _dates()
    guesses = named_dates(_seen(dates, "dob"), _known(dates, 400), _public(dates))
    assert set(dates[guesses != -1]) == set(dates[-400:])
    assert (guesses == dates)[guesses != -1].all()
    assert (named_dates(_seen(dates, "postcode"), _known(dates, 400), _public(dates)) == -1).all()


def test_with_nobody_known_and_no_tables_nothing_is_named() -> None:
    dates = _dates()
    assert (named_dates(_seen(dates), _known(dates, 0), None) == -1).all()
