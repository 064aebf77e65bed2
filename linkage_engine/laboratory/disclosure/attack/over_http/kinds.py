"""What each kind of attacker asks a running installation: as far as its templates let it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

import numpy as np

from linkage_engine.catalogue.tumour_groups import tumour_groups

Question = Mapping[str, Any]
PEOPLE: Mapping[str, str] = {"prevalence": "denominator", "emergency_15m": "cases"}
"""The column of each template that says how many people a cell is about."""
FINE, BROAD = "ten_year", "broad"
FIRST, DAYS = date(2018, 1, 1), 2_500
"""Index dates lie in this span."""
DIAGNOSED_FROM = date(2021, 4, 1)
NOT_OVER_HTTP: Mapping[str, str] = {
    "mean-times-n": "no template asks for a mean",
    "survival-steps": "no template asks for a curve",
    "two-researchers": "the demo has one researcher; history and quota are the project's, whoever asks",
    "data-refresh": "needs another delivery, which providers make",
}
"""Kinds that are in process only, and why."""


@dataclass(frozen=True)
class Ask:
    """A question, or only how much of its answer would be hidden."""

    question: Question
    foresee: bool = False


Strategy = Generator[Ask, bool, None]
"""Asks for ever, and is told each time whether anything was released."""


def tracker_pairs(random: np.random.Generator) -> Strategy:
    """The same table on two days close to each other: after those who died or moved between."""
    while True:
        day, by = _some_day(random), _some(random, ("sex", "age_band"))
        yield Ask(prevalence(day, by))
        yield Ask(prevalence(day + timedelta(days=int(random.integers(1, 15))), by))


def nested_filters(random: np.random.Generator) -> Strategy:
    """Twenty years of looking back inside twenty-one; periods of diagnosis that grow by a day or a month."""
    for number in count():
        day, by = _some_day(random), _some(random, ("sex", "age_band"))
        yield Ask(prevalence(day, by, lookback_years=21))
        yield Ask(prevalence(day, by, lookback_years=20))
        end = DIAGNOSED_FROM + timedelta(days=int(random.integers(300, 900)))
        yield Ask(emergency(end))
        yield Ask(emergency(end + timedelta(days=30 if number % 2 else 1)))


def totals_minus_published(random: np.random.Generator) -> Strategy:
    """Wholes, then their parts: sexes, ages, and all tumour groups but one."""
    names = [group.name for group in tumour_groups().groups]
    while True:
        day = _some_day(random)
        groups = [names[each] for each in sorted(random.permutation(len(names))[1:].tolist())]
        yield Ask(prevalence(day, ()))
        for by in (("sex",), ("age_band",), ("sex", "age_band")):
            yield Ask(prevalence(day, by))
        yield Ask(prevalence(day, ("tumour_group", "sex"), tumour_groups=groups))
        end = DIAGNOSED_FROM + timedelta(days=int(random.integers(300, 900)))
        yield Ask(emergency(end))
        yield Ask(emergency(end, ("tumour_group",), tumour_groups=groups))


def linked_margins(random: np.random.Generator) -> Strategy:
    """On one day every two of sex, broad ages and ten-year ages, and the three-way tables."""
    while True:
        day = _some_day(random)
        for by, bands in (
            (("age_band",), FINE),
            (("age_band",), BROAD),
            (("sex", "age_band"), BROAD),
            (("sex", "age_band"), FINE),
            (("tumour_group", "age_band"), BROAD),
            (("tumour_group", "sex", "age_band"), BROAD),
        ):
            yield Ask(prevalence(day, by, age_bands=bands))


def rounding_boundaries(random: np.random.Generator) -> Strategy:
    """The same table twice, then with another year of looking back each time: counts that cross a bin."""
    while True:
        day, by = _some_day(random), _some(random, ("sex", "age_band"))
        yield Ask(prevalence(day, by))
        yield Ask(prevalence(day, by))
        for years in random.permutation(np.arange(1, 40))[:4].tolist():
            yield Ask(prevalence(day, by, lookback_years=years))


def refusal_oracle(random: np.random.Generator) -> Strategy:
    """Pre-flights on two New Year's Days, the tables after them, and days moved until nothing is refused."""
    while True:
        year = int(random.integers(2018, 2024))
        for day in (date(year, 1, 1), date(year + 1, 1, 1)):
            question = prevalence(day, ("sex", "age_band"), age_bands=FINE)
            yield Ask(question, foresee=True)
            yield Ask(question)
        end = DIAGNOSED_FROM + timedelta(days=int(random.integers(300, 900)))
        yield Ask(emergency(end))
        for further in (1, 4, 16, 64):
            if (yield Ask(emergency(end + timedelta(days=further)))):
                break


def prevalence(day: date, by: tuple[str, ...], **parameters: object) -> Question:
    """How many people live with or beyond cancer on a day."""
    asked = {"index_date": day.isoformat(), **parameters}
    return {"template": "prevalence", "parameters": asked, "breakdowns": list(by)}


def emergency(end: date, by: tuple[str, ...] = (), **parameters: object) -> Question:
    """Emergency care after a diagnosis from a fixed day to another."""
    asked = {"diagnosed_from": DIAGNOSED_FROM.isoformat(), "diagnosed_to": end.isoformat(), **parameters}
    return {"template": "emergency_15m", "parameters": asked, "breakdowns": list(by)}


def _some_day(random: np.random.Generator) -> date:
    return FIRST + timedelta(days=int(random.integers(DAYS)))


def _some(random: np.random.Generator, names: tuple[str, ...]) -> tuple[str, ...]:
    """One or both of two breakdowns."""
    return tuple(names[each] for each in sorted(random.permutation(2)[: random.integers(1, 3)].tolist()))


KINDS: Mapping[str, Callable[[np.random.Generator], Strategy]] = {
    "tracker-pairs": tracker_pairs,
    "nested-filters": nested_filters,
    "totals-minus-published": totals_minus_published,
    "linked-margins": linked_margins,
    "rounding-boundaries": rounding_boundaries,
    "refusal-oracle": refusal_oracle,
}
