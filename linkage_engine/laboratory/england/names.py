"""Names of people: by sex, year of birth and heritage, with long tails."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from linkage_engine.laboratory.england.dice import Dice, Weighted

# Shares of England near enough for name frequencies (Census 2021, ethnic group, country of birth; rounded).
HERITAGES: Weighted[str] = Weighted.of(
    {
        "british": 77.0,
        "irish": 2.5,
        "polish": 2.5,
        "european": 4.5,
        "sikh_hindu": 4.0,
        "muslim_south_asian": 5.0,
        "african": 2.5,
        "caribbean": 1.3,
        "chinese": 0.9,
    }
)
# NHS Data Dictionary, ETHNIC CATEGORY 2001: the letter most people of a heritage would give.
ETHNIC_CATEGORY = {
    "british": "A",
    "irish": "B",
    "polish": "C",
    "european": "C",
    "sikh_hindu": "H",
    "muslim_south_asian": "J",
    "african": "N",
    "caribbean": "M",
    "chinese": "R",
}
TAIL_SHARE = {"british": 0.52, "irish": 0.15}
OTHER_TAIL_SHARE = 0.25
FEMININE_ENDINGS = {"ski": "ska", "cki": "cka"}


@dataclass(frozen=True, slots=True)
class Heritage:
    """Where a household's names come from; `name` is a key of HERITAGES."""

    name: str

    def surname(self, dice: Dice) -> str:
        """A surname: from the common list or, as for half of England, from the long tail."""
        if dice.chance(TAIL_SHARE.get(self.name, OTHER_TAIL_SHARE)):
            return dice.draw(_tail("british" if self.name in TAIL_SHARE else "other"))
        return dice.draw(_surnames(self.name))

    def given_name(self, dice: Dice, *, sex: str, year: int) -> str:
        """A given name that was in use for this sex when this person was born."""
        return dice.draw(_given_names(self.name, sex, year))

    def for_woman(self, surname: str) -> str:
        """The surname as a woman of this heritage bears it."""
        if self.name == "polish" and surname[-3:] in FEMININE_ENDINGS:
            return surname[:-3] + FEMININE_ENDINGS[surname[-3:]]
        return surname


def surname_shares() -> dict[str, float]:
    """How common each surname is among heads of household, double names left out."""
    found: dict[str, float] = {}
    for heritage, weight in HERITAGES.shares():
        tail = TAIL_SHARE.get(heritage, OTHER_TAIL_SHARE)
        for table, share in (
            (_tail("british" if heritage in TAIL_SHARE else "other"), tail),
            (_surnames(heritage), 1 - tail),
        ):
            for name, part in table.shares():
                found[name] = found.get(name, 0.0) + weight * share * part
    return found


def given_name_shares(sex: str, year: int) -> dict[str, float]:
    """How common each given name is among people of this sex born in this year."""
    found: dict[str, float] = {}
    for heritage, weight in HERITAGES.shares():
        for name, part in _given_names(heritage, sex, year).shares():
            found[name] = found.get(name, 0.0) + weight * part
    return found


@cache
def other_forms() -> dict[str, tuple[str, ...]]:
    """Everyday forms of a given name, both ways: Robert has Bob, Bob has Robert."""
    forms: dict[str, tuple[str, ...]] = {}
    for pair in _lists()["short_forms"].split():
        long, short = pair.split(":")
        forms[long] = (*forms.get(long, ()), short)
        forms[short] = (*forms.get(short, ()), long)
    return forms


@cache
def _lists() -> dict[str, Any]:
    lists: dict[str, Any] = json.loads(Path(__file__).with_name("names.json").read_text(encoding="utf-8"))
    return lists


@cache
def _given_names(heritage: str, sex: str, year: int) -> Weighted[str]:
    cohorts = (c for c in _lists()["given"] if c["heritage"] == heritage and year < c["born_before"])
    return Weighted.ranked(next(cohorts)["men" if sex == "M" else "women"].split(), offset=6.0)


@cache
def _surnames(heritage: str) -> Weighted[str]:
    return Weighted.ranked(
        _lists()["surnames"][heritage].split(), offset=8.0 if heritage == "british" else 3.0
    )


@cache
def _tail(kind: str) -> Weighted[str]:
    """Made-up surnames, interleaved so that neighbours in rank do not share a beginning."""
    firsts, lasts = (_lists()["tails"][kind][half].split() for half in ("starts", "ends"))
    names = [
        firsts[(place + turn) % len(firsts)] + lasts[place % len(lasts)]
        for turn in range(len(firsts))
        for place in range(len(lasts))
    ]
    return Weighted.ranked(list(dict.fromkeys(names)), offset=40.0)
