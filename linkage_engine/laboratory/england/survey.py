"""The quality of life survey: who is written to about 18 months after a diagnosis, who answers, and what.

Half of those invited answered the first surveys, with a mean of 75 on the visual analogue scale. How answers
hang together is made up: one hidden number a person, a little lower with age.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from linkage_engine.laboratory.england.contacts import SINCE, diagnoses_of
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.lifespan import DAYS_A_YEAR, EXTRACT_DATE
from linkage_engine.laboratory.england.people import Person

AFTER_DAYS = 548
YOUNGEST = 16
ANSWERS_AT, LESS_EACH_YEAR_FROM = 0.56, 70
CONSENTS, ONLINE, LEFT_OUT = 0.97, 0.45, 0.015
MIDDLE, SPREAD = 75.5, 17.0
DIMENSIONS = ("eq_mo", "eq_sc", "eq_ua", "eq_pd", "eq_ad")
ITEMS = tuple(f"q{number}" for number in range(1, 31))
OVERALL = frozenset({"q29", "q30"})
"""Items of seven answers, the best the highest; the others have four, the best the lowest."""


@dataclass(frozen=True, slots=True)
class Survey:
    """One invitation, and the answers where they came back."""

    invited: date
    answered: date | None = None
    mode: str = ""
    consents: bool = False
    answers: tuple[tuple[str, int], ...] = ()


def survey(dice: Dice, person: Person) -> Survey | None:
    """The one invitation of a person: after the first cancer, if alive, 16 or older, and in time."""
    first = min(diagnoses_of(person), default=None)
    if first is None:
        return None
    invited = first + timedelta(days=AFTER_DAYS + dice.between(-20, 40))
    age = (invited - person.born).days / DAYS_A_YEAR
    if not SINCE <= invited <= EXTRACT_DATE or age < YOUNGEST or (person.died and person.died <= invited):
        return None
    answered = invited + timedelta(days=dice.between(5, 70))
    is_in_time = answered <= EXTRACT_DATE and (person.died is None or answered < person.died)
    if not is_in_time or not dice.chance(ANSWERS_AT - 0.01 * max(0.0, age - LESS_EACH_YEAR_FROM)):
        return Survey(invited)
    return Survey(
        invited,
        answered,
        mode="online" if dice.chance(ONLINE) else "paper",
        consents=dice.chance(CONSENTS),
        answers=tuple(_answers(dice, age)),
    )


def _answers(dice: Dice, age: float) -> list[tuple[str, int]]:
    health = dice.spread(MIDDLE - 0.12 * (age - 65), SPREAD)
    given = [("eq_vas", round(min(100.0, max(0.0, health)) / 5) * 5)]
    given += [(name, _level(dice, health, 5, worst=True)) for name in DIMENSIONS]
    for name in ITEMS:
        answer = (
            _level(dice, health, 7, worst=False) if name in OVERALL else _level(dice, health, 4, worst=True)
        )
        if not dice.chance(LEFT_OUT):
            given.append((name, answer))
    return given


def _level(dice: Dice, health: float, levels: int, *, worst: bool) -> int:
    """A level from 1 up: of `worst` the last is the worst, else the best."""
    share = min(0.999, max(0.0, (dice.spread(health, 14.0) - 20) / 75))
    return levels - int(share * levels) if worst else 1 + int(share * levels)
