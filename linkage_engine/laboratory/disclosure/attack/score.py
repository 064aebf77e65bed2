"""What came of an attack: small groups that could be computed, and how many secrets would be guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from linkage_engine.disclosure.history.sets import Floats
from linkage_engine.laboratory.disclosure.attack.bits import believed, right
from linkage_engine.laboratory.disclosure.attack.cohort import Cohort, Secret, prior
from linkage_engine.laboratory.disclosure.attack.solver import Group, solve
from linkage_engine.laboratory.disclosure.attack.strategies.moves import FEW
from linkage_engine.laboratory.disclosure.attack.transcript import Transcript
from linkage_engine.laboratory.disclosure.attack.unlisted import larger_unions, small_unions


@dataclass(frozen=True)
class Score:
    """The figures of one attack on one service.

    Groups are those that a table listed, that the attacker was after, or that two told sets make;
    bits are shares of secrets guessed right: of everybody whom the attacker was after alone, and of all.
    Unlisted groups are others, of up to four sorts of people and of more.
    """

    rank: int
    determined_groups: int
    determined_persons: int
    aims: int
    aims_determined: float
    bit_accuracy: float
    bit_accuracy_of_all: float
    unlisted: int
    unlisted_larger: int


@dataclass(frozen=True)
class Determined:
    """What could be computed from everything told: groups of several, persons, and groups nobody listed."""

    rank: int
    groups: int
    persons: int
    unlisted: int
    unlisted_larger: int
    aims_share: float
    """Of the groups that an attacker was after."""


def determined(
    told: Iterable[Sequence[int]],
    listed: set[Group],
    aims: set[Group],
    *,
    persons: int,
    random: np.random.Generator,
    search: bool = True,
) -> Determined:
    """Exactly what follows; with `search` also small groups that nobody listed, as far as they are found."""
    solved = solve(told, persons, random)
    groups = {each for each in listed | aims if solved.follows(each)} | solved.pairs(FEW)
    unlisted = small_unions(solved, FEW) - groups if search else set()
    larger = larger_unions(solved, FEW, random) - groups - unlisted if search else set()
    return Determined(
        rank=solved.rank,
        groups=len({each for each in groups if len(each) > 1}),
        persons=len(solved.persons()),
        unlisted=len(unlisted),
        unlisted_larger=len(larger),
        aims_share=sum(map(solved.follows, aims)) / max(1, len(aims)),
    )


def score(cohort: Cohort, found: Transcript, random: np.random.Generator, *, search: bool) -> Score:
    """Exactly what follows, and what a good guesser would believe."""
    follows = determined(
        (each.tolist() for each in found.told),
        found.listed,
        found.aims,
        persons=cohort.register.persons,
        random=random,
        search=search,
    )
    shares = _right(cohort, found)
    alone = sorted({person for aim in found.aims if len(aim) == 1 for person in aim})
    return Score(
        rank=follows.rank,
        determined_groups=follows.groups,
        determined_persons=follows.persons,
        aims=len(found.aims),
        aims_determined=follows.aims_share,
        bit_accuracy=float(shares[alone].mean()) if alone else 0.5,
        bit_accuracy_of_all=float(shares.mean()),
        unlisted=follows.unlisted,
        unlisted_larger=follows.unlisted_larger,
    )


def _right(cohort: Cohort, found: Transcript) -> Floats:
    """For each person the share of guesses that are right, over the secrets that were asked of."""
    shares = []
    for about in {each.about for each in found.heard.values()} or {Secret.OUTCOMES}:
        heard = [each for each in found.heard.values() if each.about is about]
        known = prior(about)
        beliefs = believed(heard, known, cohort.register.persons)
        shares.append(right(beliefs, cohort.secrets[about], known))
    mean: Floats = np.mean(shares, axis=0)
    return mean
