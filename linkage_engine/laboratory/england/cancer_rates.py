"""Rates of cancer: incidence by age and sex; shares, codes, stage and survival of tumour groups.

Rounded by hand to the shape of the national statistics (incidence 2013-2019, survival of diagnoses
2015-2019). They make believable tables; they are not estimates and nothing may be concluded from them.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

from linkage_engine.laboratory.england.dice import Weighted
from linkage_engine.laboratory.england.lifespan import OLDEST

# New cancers a year per 100,000 people, C00-C97 without C44, from these ages on.
BAND_STARTS = (0, 15, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85)
INCIDENCE = {
    "M": (15, 27, 48, 62, 78, 115, 195, 385, 700, 1150, 1750, 2300, 2750, 3050, 3200),
    "F": (13, 30, 85, 135, 215, 330, 500, 620, 760, 980, 1250, 1550, 1850, 2000, 2050),
}
# Rates rose over the window, and the table is its end; skin other than melanoma and in situ come on top.
MEAN_OF_WINDOW = 0.90
# Ages from which the mix of groups changes: children, young adults, middle age, later life.
TIMES_OF_LIFE = (0, 15, 40, 65)
STAGES = ("1", "2", "3", "4", "X")
# How a stage changes the share who are cured (as a power) and the years until the others die (as a factor).
STAGE_CURE = {"1": 0.25, "2": 0.55, "3": 1.5, "4": 4.0, "X": 1.0}
STAGE_TIME = {"1": 1.8, "2": 1.4, "3": 1.0, "4": 0.6, "X": 1.0}


@dataclass(frozen=True, slots=True)
class CancerGroup:
    """One tumour group: where it arises, whom it strikes and what becomes of them (cancer_groups.csv).

    `share` is of new cancers, by sex; `by_age` multiplies it in each time of life; `cured` is the share
    who will not die of it and `years` the mean until the others do.
    """

    name: str
    sites: tuple[str, ...]
    morphologies: tuple[str, ...]
    share: dict[str, float]
    by_age: tuple[float, ...]
    stages: Weighted[str]
    cured: float
    years: float
    is_sided: bool
    behaviour: str

    @property
    def is_on_top(self) -> bool:
        """Whether it is not counted among all cancers: other skin, in situ."""
        return "C44" in self.sites[0] or self.sites[0].startswith("D")


@cache
def cancer_groups() -> tuple[CancerGroup, ...]:
    """All groups of the table."""
    with Path(__file__).with_name("cancer_groups.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(_group(row) for row in csv.DictReader(lines))


@cache
def mix(sex: str, time_of_life: int) -> Weighted[CancerGroup]:
    """Groups that strike this sex at this time of life, by weight."""
    groups = cancer_groups()
    return Weighted(groups, tuple(accumulate(g.share[sex] * g.by_age[time_of_life] for g in groups)))


@cache
def cumulative_hazard(sex: str) -> tuple[float, ...]:
    """Expected number of tumours by each birthday, tumours outside all cancers included."""
    yearly = (_yearly(sex, age) for age in range(OLDEST + 2))
    return tuple(accumulate(yearly, initial=0.0))


def time_of_life(age: float) -> int:
    """The position in TIMES_OF_LIFE of an age in years."""
    return bisect_right(TIMES_OF_LIFE, age) - 1


def _yearly(sex: str, age: int) -> float:
    rate = INCIDENCE[sex][bisect_right(BAND_STARTS, age) - 1] / 100_000 * MEAN_OF_WINDOW
    weights = [(g.share[sex] * g.by_age[time_of_life(age)], g.is_on_top) for g in cancer_groups()]
    return rate * sum(w for w, _ in weights) / sum(w for w, is_on_top in weights if not is_on_top)


def _group(row: dict[str, str]) -> CancerGroup:
    return CancerGroup(
        name=row["name"],
        sites=tuple(row["sites"].split()),
        morphologies=tuple(row["morphology"].split()),
        share={"M": float(row["men"]), "F": float(row["women"])},
        by_age=tuple(float(row[time]) for time in ("child", "young", "middle", "later")),
        stages=Weighted.of({stage: float(row[f"stage_{stage.lower()}"]) for stage in STAGES}),
        cured=float(row["cured"]),
        years=float(row["years"]),
        is_sided=row["sided"] == "1",
        behaviour=row["behaviour"],
    )
