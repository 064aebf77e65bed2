"""Attackers with nested cohorts: each a few people larger than the one before."""

from __future__ import annotations

import numpy as np

from linkage_engine.disclosure.history.sets import Persons
from linkage_engine.laboratory.disclosure.attack.cohort import Register
from linkage_engine.laboratory.disclosure.attack.question import Question
from linkage_engine.laboratory.disclosure.attack.strategies.moves import (
    BREAKDOWNS,
    FEW,
    Move,
    Strategy,
    around,
    somebody,
    told,
    with_condition,
)

LEAST = 40
FINE = tuple(each for each in BREAKDOWNS if each.categories >= FEW)
EDGE = (10, 34)
"""Sizes at which a count of about half the people is sometimes told and sometimes not."""


def nested_filters(register: Register, random: np.random.Generator, questions: int) -> Strategy:
    """Up to an age, up to the next: after whom the largest told cohort lacks of each."""
    for _ in range(questions):
        before: Question | None = None
        for larger in _growing(register, random, (LEAST, 4 * LEAST)):
            aims = () if before is None else _few_more(register, before, larger)
            if told((yield Move(larger, aims))):
                before = larger


def refusal_oracle(register: Register, random: np.random.Generator, questions: int) -> Strategy:
    """Looks in a chain of cohorts for the place where numbers begin to be told: hiding says something.

    From the middle down while everything is told, then up while not, never to the same place again.
    """
    for _ in range(questions):
        chain = _growing(register, random, EDGE)
        place, seen = len(chain) // 2, set[int]()
        while 0 <= place < len(chain) and place not in seen:
            seen.add(place)
            near = [chain[each] for each in (place - 1, place + 1) if each in seen]
            aims = tuple(aim for each in near for aim in _few_more(register, each, chain[place]))
            answer = yield Move(chain[place], aims)
            is_all_told = answer is not None and bool((answer.statuses == "").all())
            step = -1 if is_all_told else 1
            while place in seen:
                place += step


def _growing(register: Register, random: np.random.Generator, sizes: tuple[int, int]) -> list[Question]:
    """A cohort by the first few, a few more and at last nearly all categories of a fine breakdown.

    Categories stand in random order; cohorts that are no larger than the one before are left out.
    """
    low, high = sizes
    cohort = around(register, random, somebody(register, random), (low, 4 * high))
    taken = set() if cohort is None else {each.breakdown.variable for each in cohort.where}
    free = [each for each in FINE if each.variable not in taken]
    if cohort is None or not free:
        return []
    breakdown = free[random.integers(len(free))]
    order = random.permutation(breakdown.categories).tolist()
    chain, size = list[Question](), 0
    for last in range(1, breakdown.categories):
        larger = with_condition(cohort, breakdown, set(order[:last]))
        now = larger.whom(register).size
        if size < now <= high and now >= low:
            chain.append(larger)
        size = now
    return chain


def _few_more(register: Register, a: Question, b: Question) -> tuple[Persons, ...]:
    """By whom two nested cohorts differ, if they are few."""
    aim = np.setxor1d(a.whom(register), b.whom(register)).astype(np.int32)
    return (aim,) if 0 < aim.size < FEW else ()
