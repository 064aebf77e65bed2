"""Ages of England and when people die of anything but cancer."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import cache

from linkage_engine.laboratory.england.dice import Dice, Weighted

EXTRACT_DATE = date(2025, 3, 31)
# The registry's years: tumours and deaths before this day are not simulated.
WINDOW_START = date(2003, 4, 1)
DAYS_A_YEAR = 365.25
WINDOW_YEARS = (EXTRACT_DATE - WINDOW_START).days / DAYS_A_YEAR
OLDEST = 108
ADULT = 18

# Tens of thousands alive by five-year band from 0-4, England, Census 2021 (rounded); the last is 90 and over.
ALIVE = (306, 335, 341, 321, 342, 372, 396, 379, 358, 360, 391, 380, 325, 276, 281, 204, 144, 89, 51)
# Gompertz hazard a year at age x, LEVEL * exp(SLOPE * x): .0014 at 40, .009 at 60, .055 at 80, as in the
# national life tables; a little over a quarter of deaths are of cancer and are simulated with the cancers.
LEVEL, SLOPE = 3.57e-5, 0.0917
OTHER_CAUSES = 0.73
SEX_RATIO = {"M": 1.2, "F": 0.83}
# Young adults often live in somebody else's household, so fewer of them are heads of one.
HEADS = {range(18, 22): 0.42, range(22, 26): 0.62, range(26, 30): 0.86}


@cache
def ages_of_heads() -> Weighted[int]:
    """Ages that heads of household have, or would have had, on the extract date."""
    return Weighted.of({age: _ever_alive(age) * _headship(age) for age in range(ADULT, OLDEST + 1)})


def death_of_other_causes(dice: Dice, *, sex: str, born: date) -> date | None:
    """The day of death of anything but cancer in the window, or none (Gompertz, by inversion)."""
    start_age = max(0.0, years_between(born, WINDOW_START))
    level = LEVEL * SEX_RATIO[sex] * OTHER_CAUSES
    years = math.log1p(SLOPE * dice.waiting_time() / (level * math.exp(SLOPE * start_age))) / SLOPE
    died = max(born, WINDOW_START) + timedelta(days=int(min(years, OLDEST) * DAYS_A_YEAR))
    return died if died <= EXTRACT_DATE else None


def born_on(dice: Dice, *, age: int, first_of_january: float) -> date:
    """A day of birth for somebody of this age on the extract date; some are only known as 1 January."""
    day = EXTRACT_DATE - timedelta(days=int((age + dice.uniform()) * DAYS_A_YEAR))
    return day.replace(month=1, day=1) if dice.chance(first_of_january) else day


def years_between(earlier: date, later: date) -> float:
    """Years from one day to another; negative when the other is earlier."""
    return (later - earlier).days / DAYS_A_YEAR


def _ever_alive(age: int) -> float:
    """People of this age alive in England, and those of them who died in the window."""
    band = min(age // 5, len(ALIVE) - 1)
    alive = ALIVE[band] / 5 if band < len(ALIVE) - 1 else ALIVE[band] * math.exp(-0.23 * (age - 90)) * 0.21
    start_age = max(0.0, age - WINDOW_YEARS)
    deaths = LEVEL / SLOPE * (math.exp(SLOPE * age) - math.exp(SLOPE * start_age))
    return alive * math.exp(deaths)


def _headship(age: int) -> float:
    return next((share for ages, share in HEADS.items() if age in ages), 1.0)
