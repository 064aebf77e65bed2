"""Cancers of a life: when, of which kind, at which stage, and who dies of them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta

from linkage_engine.laboratory.england.cancer_rates import (
    STAGE_CURE,
    STAGE_TIME,
    CancerGroup,
    cumulative_hazard,
    mix,
    time_of_life,
)
from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.lifespan import (
    DAYS_A_YEAR,
    EXTRACT_DATE,
    OLDEST,
    WINDOW_START,
    years_between,
)

MOST_TUMOURS = 3
EVIDENCE = Weighted.of({"7": 84.0, "6": 4.0, "5": 4.0, "2": 5.0, "4": 1.0, "1": 1.5, "0": 0.3, "9": 0.2})
ROUTES = Weighted.of(
    {
        "urgent_referral": 38.0,
        "gp_referral": 22.0,
        "emergency": 18.0,
        "other_outpatient": 9.0,
        "screening": 6.0,
        "inpatient_elective": 3.0,
        "unknown": 3.7,
        "death_certificate": 0.3,
    }
)
SCREENED = frozenset({"breast", "breast in situ", "bowel", "cervix"})


@dataclass(frozen=True, slots=True)
class Tumour:
    """One diagnosis, as the registry's files name its facts."""

    diagnosed: date
    site: str
    morphology: str
    behaviour: str
    stage: str
    side: str
    evidence: str
    route: str
    age: int


@dataclass(frozen=True, slots=True)
class CancerHistory:
    """All tumours of a person in the window, and the day and site of a death of one of them."""

    tumours: tuple[Tumour, ...] = ()
    died: date | None = None
    fatal_site: str | None = None


def cancer_history(dice: Dice, *, sex: str, born: date, last_day: date) -> CancerHistory:
    """What cancer does to somebody who would otherwise be alive until `last_day`.

    Tumours come at the rate of the age (piecewise constant hazard, inverted); a person who had one has the
    same rate for the next. Of those not cured, the time to death is exponential.
    """
    tumours: list[Tumour] = []
    since, died, fatal = max(born, WINDOW_START), None, None
    while len(tumours) < MOST_TUMOURS:
        day = _next_diagnosis(dice, sex=sex, born=born, since=since)
        if day is None or day > min(last_day, died or last_day):
            break
        age = max(0.0, years_between(born, day))
        group = dice.draw(mix(sex, time_of_life(age)))
        tumour = _tumour(dice, group, day=day, age=int(age))
        tumours.append(tumour)
        end = _death_of(dice, group, tumour)
        if end is not None and end <= min(EXTRACT_DATE, died or EXTRACT_DATE):
            died, fatal = end, tumour.site
        since = day + timedelta(days=1)
    return CancerHistory(tuple(tumours), died, fatal)


def _next_diagnosis(dice: Dice, *, sex: str, born: date, since: date) -> date | None:
    hazard = cumulative_hazard(sex)
    age = max(0.0, years_between(born, since))
    whole = min(int(age), OLDEST)
    reached = hazard[whole] + (age - whole) * (hazard[whole + 1] - hazard[whole]) + dice.waiting_time()
    if reached >= hazard[-1]:
        return None
    birthday = bisect_right(hazard, reached) - 1
    at = birthday + (reached - hazard[birthday]) / (hazard[birthday + 1] - hazard[birthday])
    day = max(since, born + timedelta(days=int(at * DAYS_A_YEAR)))
    return day if day <= EXTRACT_DATE else None


def _tumour(dice: Dice, group: CancerGroup, *, day: date, age: int) -> Tumour:
    route = dice.draw(ROUTES)
    if route == "screening" and group.name not in SCREENED:
        route = "gp_referral"
    return Tumour(
        diagnosed=day,
        site=dice.pick(group.sites),
        morphology=dice.pick(group.morphologies),
        behaviour=group.behaviour,
        stage=dice.draw(group.stages),
        side=dice.pick("LR") if group.is_sided else "8",
        evidence=dice.draw(EVIDENCE),
        route=route,
        age=age,
    )


def _death_of(dice: Dice, group: CancerGroup, tumour: Tumour) -> date | None:
    """The day this tumour kills, or none; the old are cured less often."""
    old_age = 1.0 + max(0, tumour.age - 60) / 50
    if dice.chance(group.cured ** (STAGE_CURE[tumour.stage] * old_age)):
        return None
    years = group.years * STAGE_TIME[tumour.stage] * dice.waiting_time()
    return tumour.diagnosed + timedelta(days=1 + int(min(years, OLDEST) * DAYS_A_YEAR))
