"""Made-up people under attack: what everybody may know about them, and their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from linkage_engine.disclosure.history.sets import Flags, Floats, Persons
from linkage_engine.laboratory.disclosure.planned import Breakdown, Codes, cohort

MOST_PERSONS = 3_000
"""What the exact solver takes in reasonable time."""
LATE_SHARE = 0.04
"""Of people whose records arrive with the second delivery."""
OUTCOMES, STAYS, CAUSES = 12, 4, 4
DEATH_SHARES = (0.3, 0.5, 0.7)
"""Of everybody, by the days that a survival curve is asked at."""


class Secret(StrEnum):
    """What a question asks about the people of its cells, in several columns: as many attacks at once."""

    OUTCOMES = "outcomes"
    """Twelve independent answers of yes or no."""
    STAYS = "stays"
    """Four independent numbers of 0 to 3."""
    DEATHS = "deaths"
    """Whether somebody has died by each of three days, for four independent dates."""


@dataclass(frozen=True, eq=False)
class Register:
    """What everybody may know: people's categories, and who is in which delivery."""

    codes: Mapping[Breakdown, Codes]
    is_late: Flags

    @property
    def persons(self) -> int:
        """How many people there are, late ones too."""
        return self.is_late.size

    def present(self, delivery: int) -> Persons:
        """Who is in the data at the first delivery (0) or at a later one."""
        return np.flatnonzero(~self.is_late | (delivery > 0)).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Cohort:
    """A register, and by kind of secret one row a column and one number a person."""

    register: Register
    secrets: Mapping[Secret, Codes]


def made_up(persons: int, random: np.random.Generator) -> Cohort:
    """People as in the planned tables, with secrets that no category says anything about."""
    codes = cohort(persons, random)
    died = random.random((CAUSES, persons))
    return Cohort(
        register=Register(codes, is_late=random.random(persons) < LATE_SHARE),
        secrets={
            Secret.OUTCOMES: random.integers(0, 2, (OUTCOMES, persons)),
            Secret.STAYS: random.integers(0, 4, (STAYS, persons)),
            Secret.DEATHS: np.concatenate([died < share for share in DEATH_SHARES]).astype(np.int64),
        },
    )


@dataclass(frozen=True, eq=False)
class Prior:
    """What everybody knows of each column: mean, variance, and whether above or below is even odds."""

    means: Floats
    variances: Floats
    is_even: Flags


def prior(secret: Secret) -> Prior:
    """Before anything is told."""
    match secret:
        case Secret.OUTCOMES:
            means, variances = np.full(OUTCOMES, 0.5), np.full(OUTCOMES, 0.25)
        case Secret.STAYS:
            means, variances = np.full(STAYS, 1.5), np.full(STAYS, 1.25)
        case Secret.DEATHS:
            means = np.repeat(DEATH_SHARES, CAUSES)
            variances = means * (1 - means)
    return Prior(means, variances, (means == 0.5) | (secret is Secret.STAYS))  # noqa: PLR2004 - even odds
