"""Attackers with tables: margins that share variables, and wholes without their parts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from linkage_engine.disclosure.history.sets import Persons
from linkage_engine.laboratory.disclosure.attack.cohort import Register
from linkage_engine.laboratory.disclosure.attack.question import Question, cells_of
from linkage_engine.laboratory.disclosure.attack.strategies.moves import (
    BREAKDOWNS,
    FEW,
    Move,
    Strategy,
    around,
    singled_out,
    somebody,
    told,
    with_condition,
)
from linkage_engine.laboratory.disclosure.planned import Breakdown

LARGEST = 60
"""Inner cells of a table."""
PARTS = (2, 3, 4)
PART = 40
"""The least people of a part: about half of them count, which a threshold lets be told."""


def totals_minus_published(register: Register, random: np.random.Generator, questions: int) -> Strategy:
    """A cohort, then its parts as cohorts of their own: all but one small part that no table lists.

    Where a part is not told, the cohort is parted anew.
    """
    for _ in range(questions):
        target = somebody(register, random)
        whole = around(register, random, target, (max(PARTS) * PART, 2 * max(PARTS) * PART))
        found = None if whole is None else singled_out(register, random, whole, target)
        if whole is None or found is None:
            continue
        breakdown, mine = found
        rest = with_condition(whole, breakdown, {mine}).whom(register)
        if not told((yield Move(whole))):
            continue
        for count in random.permutation(PARTS).tolist():
            parts = _parted(register, random, whole, breakdown, mine, count)
            are_told: list[bool] = []
            for part in parts:
                aims = (rest,) if len(are_told) == count - 1 else ()
                are_told.append(told((yield Move(part, aims))))
                if not are_told[-1]:
                    break
            if parts and all(are_told):
                break


def _parted(
    register: Register,
    random: np.random.Generator,
    whole: Question,
    breakdown: Breakdown,
    mine: int,
    count: int,
) -> list[Question]:
    """The other categories in so many heaps of enough people, or nothing."""
    sizes = np.bincount(register.codes[breakdown][whole.whom(register)], minlength=breakdown.categories)
    heaps: list[set[int]] = [set() for _ in range(count)]
    others = [each for each in random.permutation(breakdown.categories).tolist() if each != mine]
    for category in sorted(others, key=lambda each: -int(sizes[each])):
        min(heaps, key=lambda heap: int(sizes[list(heap)].sum())).add(category)
    if min(int(sizes[list(heap)].sum()) for heap in heaps) < PART:
        return []
    return [with_condition(whole, breakdown, heap) for heap in heaps]


def linked_margins(register: Register, random: np.random.Generator, questions: int) -> Strategy:
    """Of three variables every two, over and over: what one table hides the others leave room for.

    The variables by which most cells were hidden are asked again, beside others.
    """
    hidden = dict.fromkeys(BREAKDOWNS, 1.0)
    for _ in range(questions):
        weights = np.array(list(hidden.values()))
        three = random.choice(len(BREAKDOWNS), 3, replace=False, p=weights / weights.sum())
        cohort = Question()
        if random.random() < 0.5:  # noqa: PLR2004 - as often as not
            cohort = around(register, random, somebody(register, random), (PART, 8 * PART)) or cohort
        taken = {each.breakdown.variable for each in cohort.where}
        for a, b in combinations([BREAKDOWNS[each] for each in three], 2):
            if (
                a.variable in {b.variable, *taken}
                or b.variable in taken
                or a.categories * b.categories > LARGEST
            ):
                continue
            question = Question(cohort.where, (a, b))
            answer = yield Move(question, tuple(_small(register, question)))
            if answer is not None:
                hidden[a] += 0.1 * (~answer.is_told).mean()
                hidden[b] += 0.1 * (~answer.is_told).mean()


def _small(register: Register, question: Question) -> Iterator[Persons]:
    return (people for _, people in cells_of(question, register) if 0 < people.size < FEW)
