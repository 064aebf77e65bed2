"""Attackers with a second view: another researcher of the project, or the next delivery of the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from linkage_engine.disclosure.history.sets import Persons
from linkage_engine.laboratory.disclosure.attack.answer import Answer
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
    with_condition,
)

SIZES = (90, 240)
COARSE = tuple(each for each in BREAKDOWNS if each.categories <= 3)  # noqa: PLR2004 - two or three


def two_researchers(register: Register, random: np.random.Generator, questions: int) -> Strategy:
    """One asks for a table, the other for the same without whoever is like somebody: cell by cell."""
    for _ in range(questions):
        target = somebody(register, random)
        cohort = around(register, random, target, SIZES)
        found = None if cohort is None else singled_out(register, random, cohort, target)
        if cohort is None or found is None:
            continue
        breakdown, mine = found
        one = _broken_down(random, cohort, besides=breakdown.variable)
        other = with_condition(one, breakdown, set(range(breakdown.categories)) - {mine})
        first = yield Move(one, researcher=1)
        if first is not None and first.is_told.any():
            yield Move(other, _differences(register, one, other, first), researcher=2)


def data_refresh(register: Register, random: np.random.Generator, questions: int) -> Strategy:
    """Half of the questions before a new delivery, the same again after it: who came in between."""
    before: list[tuple[Question, Answer]] = []
    asked = 0
    while 2 * asked < questions:
        cohort = around(register, random, somebody(register, random), SIZES)
        if cohort is not None:
            question = _broken_down(random, cohort, besides="")
            answer = yield Move(question)
            asked += 1
            if answer is not None:
                before.append((question, answer))
    for question, answer in before:
        again = replace(question, delivery=1)
        yield Move(again, _differences(register, question, again, answer))


def _broken_down(random: np.random.Generator, cohort: Question, *, besides: str) -> Question:
    """A cohort by one coarse variable that it has no condition on."""
    taken = {besides, *(each.breakdown.variable for each in cohort.where)}
    free = [each for each in COARSE if each.variable not in taken]
    return replace(cohort, by=(free[random.integers(len(free))],)) if free else cohort


def _differences(register: Register, one: Question, other: Question, first: Answer) -> tuple[Persons, ...]:
    """By whom the cells that the first question was told of differ from the same cells of the other."""
    pairs = zip(cells_of(one, register), cells_of(other, register), first.is_told.tolist(), strict=True)
    aims = (np.setxor1d(a, b).astype(np.int32) for (_, a), (_, b), is_told in pairs if is_told)
    return tuple(aim for aim in aims if 0 < aim.size < FEW)
