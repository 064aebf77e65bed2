"""Honest planned histories: tables of a made-up cohort of people with cancer, in fixed nested bands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from linkage_engine.disclosure.admission.table import Family, Table
from linkage_engine.disclosure.history.sets import Persons, PersonSets

Codes = npt.NDArray[np.int64]
TOTAL = -1
MOST_CATEGORIES = 64
"""More than any variable has, its total included."""
LARGEST_TABLE = 400
"""Inner cells: what a person still reads."""


@dataclass(frozen=True)
class Breakdown:
    """A variable in one of its fixed bands."""

    variable: str
    categories: int


@dataclass(frozen=True)
class Planned:
    """A table somebody would ask for: breakdowns, and perhaps one category that it is about."""

    breakdowns: tuple[Breakdown, ...]
    about: tuple[Breakdown, int] | None


LEVELS: Mapping[str, tuple[int, ...]] = {
    "site": (12, 4),
    "sex": (2,),
    "age": (18, 9, 3),
    "stage": (5, 2),
    "area": (42, 7),
    "deprivation": (5,),
    "ethnicity": (5,),
    "year": (5,),
    "route": (6, 2),
}
"""For each variable its numbers of categories, the coarser made of the finer."""
FILTERS = (Breakdown("site", 12), Breakdown("site", 4), Breakdown("sex", 2), Breakdown("area", 7))


def cohort(persons: int, random: np.random.Generator) -> dict[Breakdown, Codes]:
    """Everybody's category of every breakdown; sites go with sex and age, areas with deprivation."""
    finest = {name: sizes[0] for name, sizes in LEVELS.items()}
    skewed = {
        name: random.choice(count, size=persons, p=_shares(count, steep))
        for (name, count), steep in zip(finest.items(), (0.7, 0, 0, 0.3, 0.4, 0, 1.6, 0, 0.5), strict=True)
    }
    skewed["age"] = np.clip(random.normal(13, 3, persons).round(), 0, 17).astype(np.int64)
    of_women, of_men = skewed["site"] == 0, skewed["site"] == 1
    skewed["sex"] = np.where(of_women, 0, np.where(of_men, 1, skewed["sex"]))
    skewed["deprivation"] = (skewed["area"] + random.integers(0, 3, persons)) % 5
    return {
        Breakdown(name, size): skewed[name] * size // finest[name]
        for name, sizes in LEVELS.items()
        for size in sizes
    }


def _shares(count: int, steep: float) -> npt.NDArray[np.float64]:
    weights = 1.0 / np.arange(1, count + 1) ** steep
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares


def plan(tables: int, random: np.random.Generator) -> tuple[Planned, ...]:
    """Distinct tables of one to three variables; three in ten are about one category of another."""
    chosen: dict[Planned, None] = {}
    while len(chosen) < tables:
        chosen[_one(random)] = None
    return tuple(chosen)


def _one(random: np.random.Generator) -> Planned:
    while True:
        names = random.choice(list(LEVELS), size=random.choice(3, p=[0.2, 0.5, 0.3]) + 1, replace=False)
        breakdowns = tuple(Breakdown(str(each), int(random.choice(LEVELS[each]))) for each in names)
        if np.prod([each.categories for each in breakdowns]) <= LARGEST_TABLE:
            break
    about = None
    if random.random() < 0.3:  # noqa: PLR2004 - the share said above
        band = FILTERS[random.integers(len(FILTERS))]
        if band.variable not in names:
            about = (band, int(random.integers(band.categories)))
    return Planned(breakdowns, about)


def whom_about(people: Mapping[Breakdown, Codes], planned: Planned) -> Persons:
    """Everybody whom a table is about."""
    whom = np.arange(next(iter(people.values())).size, dtype=np.int32)
    if planned.about is None:
        return whom
    band, category = planned.about
    chosen: Persons = whom[people[band] == category]
    return chosen


def table_of(people: Mapping[Breakdown, Codes], planned: Planned) -> Table:
    """The table with all margins; cells without anybody are left out."""
    whom = whom_about(people, planned)
    codes = [people[each][whom] for each in planned.breakdowns]
    cells = dict(cell for count in range(len(codes) + 1) for cell in _margins(whom, codes, count))
    names = [f"{each.variable}{each.categories}" for each in planned.breakdowns]
    cells = cells or {(TOTAL,) * len(codes): whom}
    places = {labels: place for place, labels in enumerate(cells)}
    return Table(
        cells=PersonSets.of(cells.values()),
        keys=tuple(f"{names} {labels} {planned.about}" for labels in cells),
        dimension_counts=tuple(sum(each != TOTAL for each in labels) for labels in cells),
        families=tuple(_families(places)),
    )


def _margins(whom: Persons, codes: list[Codes], count: int) -> Iterator[tuple[tuple[int, ...], Persons]]:
    """The cells of every choice of so many dimensions."""
    for chosen in combinations(range(len(codes)), count):
        kept = [code if place in chosen else np.full_like(code, TOTAL) for place, code in enumerate(codes)]
        one = np.zeros(whom.size, dtype=np.int64)
        for code in kept:
            one = one * MOST_CATEGORIES + code - TOTAL
        _, first, which = np.unique(one, return_index=True, return_inverse=True)
        order = np.argsort(which.astype(np.int16), kind="stable")
        members = np.split(whom[order], np.cumsum(np.bincount(which))[:-1]) if whom.size else []
        labels = np.stack(kept)[:, first].T.tolist()
        yield from zip((tuple(each) for each in labels), members, strict=True)


def _families(places: Mapping[tuple[int, ...], int]) -> Iterator[Family]:
    """Every cell with its children along each dimension in which it is a total."""
    children: dict[tuple[int, int], list[int]] = {}
    for labels, place in places.items():
        for dimension, label in enumerate(labels):
            if label != TOTAL:
                parent = places[(*labels[:dimension], TOTAL, *labels[dimension + 1 :])]
                children.setdefault((parent, dimension), []).append(place)
    return (Family(parent, tuple(each)) for (parent, _), each in children.items())
