"""A move of an attacker, and the cohorts that attackers think of."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import numpy as np

from linkage_engine.disclosure.history.sets import Persons
from linkage_engine.laboratory.disclosure.attack.answer import Answer
from linkage_engine.laboratory.disclosure.attack.cohort import Register
from linkage_engine.laboratory.disclosure.attack.question import Condition, Question
from linkage_engine.laboratory.disclosure.planned import LEVELS, Breakdown

MOST_FILTERS = 6
"""As the shipped policies allow."""
FEW = 10
BREAKDOWNS = tuple(Breakdown(name, size) for name, sizes in LEVELS.items() for size in sizes)


@dataclass(frozen=True, eq=False)
class Move:
    """A question, the small groups it is after, and which researcher of the project asks it."""

    question: Question
    aims: tuple[Persons, ...] = ()
    researcher: int = 0


Strategy = Generator[Move, Answer | None, None]
"""Asks, is answered or refused, and asks on for as long as it is let."""
Kind = Callable[[Register, np.random.Generator, int], Strategy]
"""A strategy from what everybody may know, chance, and how many questions there will be."""


def told(answer: Answer | None) -> bool:
    """Whether the first cell of an answer is told."""
    return answer is not None and bool(answer.is_told[0])


def around(
    register: Register, random: np.random.Generator, target: int, sizes: tuple[int, int]
) -> Question | None:
    """A cohort within two sizes with somebody among them: conditions are added until it fits, or nothing."""
    low, high = sizes
    question, size = Question(), register.present(0).size
    for place in random.permutation(len(BREAKDOWNS)):
        if size <= high or len(question.where) == MOST_FILTERS - 1:
            break
        narrower = _narrowed(register, random, question, BREAKDOWNS[place], target, low)
        question, size = narrower, narrower.whom(register).size
    return question if low <= size <= high else None


def _narrowed(
    register: Register,
    random: np.random.Generator,
    question: Question,
    breakdown: Breakdown,
    target: int,
    low: int,
) -> Question:
    """One condition more: the target's category, and others in random order until enough people are left."""
    if breakdown.variable in {each.breakdown.variable for each in question.where}:
        return question
    codes = register.codes[breakdown][question.whom(register)]
    counts = np.bincount(codes, minlength=breakdown.categories)
    mine = int(register.codes[breakdown][target])
    among, size = {mine}, int(counts[mine])
    for other in random.permutation(breakdown.categories).tolist():
        if size >= low:
            break
        if other not in among:
            among.add(other)
            size += int(counts[other])
    return with_condition(question, breakdown, among)


def with_condition(question: Question, breakdown: Breakdown, among: set[int]) -> Question:
    """The question about those of some categories only."""
    return replace(question, where=(*question.where, Condition(breakdown, frozenset(among))))


def singled_out(
    register: Register, random: np.random.Generator, question: Question, target: int
) -> tuple[Breakdown, int] | None:
    """A breakdown by which nobody, or hardly anybody, of a cohort is like the target, and the category."""
    whom = question.whom(register)
    taken = {each.breakdown.variable for each in question.where}
    found: list[tuple[int, Breakdown, int]] = []
    for place in random.permutation(len(BREAKDOWNS)).tolist():
        breakdown = BREAKDOWNS[place]
        mine = int(register.codes[breakdown][target])
        alike = int((register.codes[breakdown][whom] == mine).sum())
        if breakdown.variable not in taken and alike < FEW:
            found.append((alike, breakdown, mine))
    return min(found, key=lambda each: each[0])[1:] if found else None


def somebody(register: Register, random: np.random.Generator) -> int:
    """A person who is in the data from the beginning."""
    return int(random.choice(register.present(0)))
