"""Suppression: exact numbers, with unsafe ones hidden and others so that nothing shown tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linkage_engine.contract.controlled_table import Statistic
from linkage_engine.disclosure.figures import Column, Exact, Figures, Flags
from linkage_engine.disclosure.mechanisms.structure import Number, Structure, structure_of
from linkage_engine.disclosure.protector.sets import Sets
from linkage_engine.disclosure.protector.suppress import room_needed, suppress
from linkage_engine.disclosure.protector.table import Numbers
from linkage_engine.disclosure.threshold import effective_threshold, may_be_told

PEOPLE = frozenset({Statistic.POPULATION, Statistic.COUNT})
"""What is told exactly; of everything else the gate is not given what each person contributes."""

SECONDS = 300.0
"""Of the solver, before a table is refused."""
LARGER, SMALLER = 1, -1
"""The room of a number that is hidden for another's sake: it must not be the only one possible."""


def suppressed(exact: Exact, figures: Sequence[Figures]) -> list[Column]:
    """Numbers of people as they are, where neither their rule nor the rest of the table forbids it.

    1. Unsafe are the numbers that their rule does not allow, and the rest of a population beside a part,
       whatever the policy says of complements: two exact numbers tell it. So is a small number of
       people in a cell that nobody can be in.
    2. Populations, parts and rests are one structure, and so are the parts beside each other.
    3. Events and what is expected are hidden: dominance cannot be seen without each person's part.

    Raises what `suppress` raises.
    """
    rules = _rules(exact, figures)
    structure = rules.structure
    shown, room = np.zeros(rules.sizes.size, dtype=np.bool_), np.zeros(rules.sizes.size, dtype=np.int64)
    for number, node in structure.node.items():
        shown[node] |= rules.has_place(number)
        room[node] = max(room[node], rules.room(number), key=lambda each: (each > 0, abs(each)))
    kinds = np.zeros(structure.kinds.size, dtype=np.int64)
    hidden = suppress(
        Sets(structure.rows, structure.kinds, shown),
        unsafe=np.concatenate([room, kinds]) != 0,
        room=np.concatenate([room, kinds]),
        zeros_shown=exact.policy.threshold.zero.sampling == "show",
        seconds=SECONDS,
    )
    return [_column(each, structure, hidden) for each in figures]


def _column(figures: Figures, structure: Structure, hidden: Flags) -> Column:
    if figures.statistic not in PEOPLE:
        return figures.told(figures.numbers, where=np.zeros_like(figures.allowed))
    nodes = [structure.node[Number(place, figures.part)] for place in range(len(figures.people))]
    return figures.told(figures.numbers, where=figures.allowed & ~hidden[nodes])


@dataclass(frozen=True, eq=False)
class _Rules:
    """What the rules say of every number, beside the structure of all of them."""

    exact: Exact
    structure: Structure
    allowed: Mapping[str | None, Flags]
    """By part, for each cell; of what is not asked there is none."""
    sizes: Numbers
    small: Flags

    def has_place(self, number: Number) -> bool:
        """Whether the table would show it."""
        applicable = self.exact.table.cells[number.place].applicable
        return applicable and not number.is_rest and number.part in self.allowed

    def room(self, number: Number) -> int:
        """How much larger a number must be able to be, or smaller; 0 where it is safe."""
        node = self.structure.node[number]
        if number.part not in self.allowed:
            return 0
        if self.small[node]:
            is_anybody = self.exact.table.cells[number.place].applicable or self.sizes[node]
            return int(self._needed[node]) if is_anybody else 0
        if not self.has_place(number):
            return 0
        rest = self.structure.node.get(number._replace(is_rest=True), node)
        if self.small[rest]:
            return SMALLER
        return 0 if self.allowed[number.part][number.place] else LARGER

    @cached_property
    def _needed(self) -> Numbers:
        policy = self.exact.policy
        return room_needed(self.sizes, effective_threshold(policy.threshold.persons, policy.counts.method))


def _rules(exact: Exact, figures: Sequence[Figures]) -> _Rules:
    structure = structure_of(exact.table)
    sizes = np.asarray(structure.rows @ structure.kinds)
    return _Rules(
        exact,
        structure,
        allowed={each.part: each.allowed for each in figures if each.statistic in PEOPLE},
        sizes=sizes,
        small=~may_be_told(sizes, exact.policy),
    )
