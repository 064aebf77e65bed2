"""What came of an attack: small groups that could be computed, and how many secrets would be guessed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage_engine.disclosure.history.sets import Floats
from linkage_engine.laboratory.disclosure.attack.bits import believed, right
from linkage_engine.laboratory.disclosure.attack.cohort import Cohort, Secret, prior
from linkage_engine.laboratory.disclosure.attack.solver import solve
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


def score(cohort: Cohort, found: Transcript, random: np.random.Generator, *, search: bool) -> Score:
    """Exactly what follows, and what a good guesser would believe.

    With `search` also the small groups nobody listed, as far as they can be searched for.
    """
    persons = cohort.register.persons
    solved = solve((each.tolist() for each in found.told), persons, random)
    groups = {each for each in found.listed | found.aims if solved.follows(each)} | solved.pairs(FEW)
    unlisted = small_unions(solved, FEW) - groups if search else set()
    larger = larger_unions(solved, FEW, random) - groups - unlisted if search else set()
    shares = _right(cohort, found)
    alone = sorted({person for aim in found.aims if len(aim) == 1 for person in aim})
    return Score(
        rank=solved.rank,
        determined_groups=len({each for each in groups if len(each) > 1}),
        determined_persons=len(solved.persons()),
        aims=len(found.aims),
        aims_determined=sum(map(solved.follows, found.aims)) / max(1, len(found.aims)),
        bit_accuracy=float(shares[alone].mean()) if alone else 0.5,
        bit_accuracy_of_all=float(shares.mean()),
        unlisted=len(unlisted),
        unlisted_larger=len(larger),
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
