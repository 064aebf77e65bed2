"""Attackers at one person: a cohort, and the same without whoever is like the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from linkage_engine.disclosure.history.sets import Persons
from linkage_engine.laboratory.disclosure.attack.cohort import Register, Secret
from linkage_engine.laboratory.disclosure.attack.question import Question
from linkage_engine.laboratory.disclosure.attack.strategies.moves import (
    Kind,
    Move,
    Strategy,
    around,
    singled_out,
    somebody,
    told,
    with_condition,
)

QUESTIONS_A_TARGET = 30
ATTEMPTS = 40
"""Cohorts that are thought of for a target before it is given up."""


def trackers(about: Secret = Secret.OUTCOMES, *, sizes: tuple[int, int] = (40, 90), targets: int = 0) -> Kind:
    """Pairs of cohorts of some size about one target, thirty questions long, then about the next.

    The larger is asked first; where it is not told, another is thought of. With a number of targets they
    share the questions among themselves.
    """

    def strategy(register: Register, random: np.random.Generator, questions: int) -> Strategy:
        each = questions // targets if targets else QUESTIONS_A_TARGET
        for _ in range(questions):
            asked = 0
            for whole, rest, aim in _pairs(register, random, sizes, ATTEMPTS * each):
                if asked >= each:
                    break
                asked += 1
                if told((yield Move(replace(whole, about=about), (aim,)))):
                    asked += 1
                    yield Move(replace(rest, about=about), (aim,))

    return strategy


def _pairs(
    register: Register, random: np.random.Generator, sizes: tuple[int, int], attempts: int
) -> Iterator[tuple[Question, Question, Persons]]:
    """Cohorts with a target, each without whoever is of the target's category too, and who differs."""
    target = somebody(register, random)
    for _ in range(attempts):
        whole = around(register, random, target, sizes)
        found = None if whole is None else singled_out(register, random, whole, target)
        if whole is not None and found is not None:
            breakdown, mine = found
            rest = with_condition(whole, breakdown, set(range(breakdown.categories)) - {mine})
            yield whole, rest, np.setdiff1d(whole.whom(register), rest.whom(register)).astype(np.int32)
