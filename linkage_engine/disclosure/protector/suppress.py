"""Secondary suppression: which further cells to hide so that margins do not tell the unsafe ones."""

from __future__ import annotations

import numpy as np

from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.protector.boxes import Boxes, Prices
from linkage_engine.disclosure.protector.dimension import Flags
from linkage_engine.disclosure.protector.program import SMALLEST, Changes, Program
from linkage_engine.disclosure.protector.sets import Sets
from linkage_engine.disclosure.protector.table import Numbers, Table

SMALL = 2_500
"""Nodes up to which every cell is asked of the program, which hides fewest; beyond, boxes come first."""
LARGE = 10_000
"""Nodes of sets up to which nothing is paid for many at once: one by one, 924 cells hid half as many."""
TINY = 300
"""Nodes up to which every further cell is tried again without."""
BOX_COST = 4.0
"""What a box may cost, about two or three cells; dearer ones go to the program."""
FOR_NOTHING, WORTH_CELLS = 1e-3, 5.0
"""What a unit of room is worth when many are sought at once: less than any cell's price, or a few cells."""
ENOUGH = 0.9
"""The share still without room at which it is not worth asking for many at once again."""
LEAST_ROOM = 3
"""Every unsafe cell may be larger by at least so much."""


def room_needed(values: Numbers, threshold: int) -> Numbers:
    """How much larger an unsafe count must be able to be: up to the threshold, and by three at least."""
    return np.maximum(LEAST_ROOM, threshold - values)


def suppress(
    table: Table | Sets, *, unsafe: Flags, room: Numbers, zeros_shown: bool, seconds: float = np.inf
) -> Flags:
    """Which nodes to hide: the unsafe ones, and so many more that each could be larger by its room.

    For every unsafe node another table of numbers from 0 up with the same shown cells exists in which
    it is; with a room below 0, one in which it is smaller by that. A shown zero is never hidden. The same
    table gives the same pattern.

    1. In large tables, boxes of cells that cost little; sets have none.
    2. For what is left, in large tables one linear program for all of them at once, again and again:
       first for nothing, then at the price of a few cells each; and then, as in small tables, one
       program each: the cheapest other table.
    3. In tiny tables, every further cell is shown again if the unsafe ones keep their room.

    `QueryRefused(CANNOT_PROTECT)` when the solver finds no other table for a node, or has been at it for
    more than so many seconds.
    """
    search = _Search(table, unsafe=unsafe, room=room, zeros_shown=zeros_shown, seconds=seconds)
    nodes = table.values.size
    if nodes > SMALL and isinstance(table, Table):
        search.by_boxes(Boxes(table, search.fixed))
    search.by_program()
    if nodes <= min(TINY, SMALL):  # what boxes need is not kept
        search.show_again()
    return search.hidden & table.shown


class _Search:
    """What is hidden so far, and by how much each node is known to be able to be larger."""

    def __init__(
        self, table: Table | Sets, *, unsafe: Flags, room: Numbers, zeros_shown: bool, seconds: float
    ) -> None:
        self.hidden: Flags = unsafe | ~table.shown
        self._seconds = seconds
        self._table, self._unsafe, self._room = table, unsafe, np.abs(room)
        self._way = np.where(room < 0, -1.0, 1.0)
        self.fixed = table.shown & (table.values == 0) & zeros_shown
        self._price: Prices = np.where(table.shown, 1 + 0.2 * np.log1p(table.values), 0.0)
        self._reached = np.zeros(table.values.size)
        self._witness: dict[int, Changes] = {}

    def _open(self) -> list[int]:
        """Unsafe nodes without their room, those that need most first."""
        nodes = np.flatnonzero(self._unsafe & (self._reached < self._room - SMALLEST))
        ordered: list[int] = nodes[np.argsort(-self._room[nodes], kind="stable")].tolist()
        return ordered

    def by_boxes(self, boxes: Boxes) -> None:
        price = np.where(self.hidden, 0.0, self._price)
        for node in self._open():
            if self._reached[node] >= self._room[node]:
                continue
            found, rise, fall = boxes.cheapest(node, int(self._room[node]), price)
            if found <= BOX_COST:
                self._reached[rise] = np.maximum(self._reached[rise], self._room[node])
                corners = np.concatenate([rise, fall])
                self.hidden[corners] = True
                price[corners] = 0.0

    def by_program(self) -> None:
        program = self._program()
        if self._table.values.size > SMALL:
            self._in_bulk(program, FOR_NOTHING)
            if isinstance(self._table, Table) or self._table.values.size > LARGE:
                self._in_bulk(program, WORTH_CELLS)
        for node in self._open():
            if self._reached[node] >= self._room[node] - SMALLEST:
                continue
            changes = self._cheapest(program, node)
            if changes is None:
                raise QueryRefused(RefusalCode.CANNOT_PROTECT)
            self._take(program, changes)

    def _in_bulk(self, program: Program, worth: float) -> None:
        """Give many their room at a time, until few more find it: what one gains another has to lose."""
        dice = np.random.default_rng(20_261_122)
        while True:
            nodes = np.array(self._open(), dtype=np.int64)
            if not nodes.size:
                return
            weight = worth * dice.uniform(0.5, 1.5, nodes.size)
            changes = program.together(nodes, (self._way * self._room)[nodes], weight)
            if changes is None:
                return
            self._take(program, changes * self._way)
            if len(self._open()) > ENOUGH * nodes.size:
                return

    def _take(self, program: Program, changes: Changes) -> None:
        """Hide what changes, and remember for whom that is room enough."""
        touched = np.flatnonzero((np.abs(changes) > SMALLEST) & ~self.hidden)
        self.hidden[touched] = True
        program.hide(touched)
        self._keep(changes)

    def _program(self) -> Program:
        program = Program(self._table, price=self._price, hidden=self.hidden, fixed=self.fixed)
        program.give_up_after(self._seconds)
        return program

    def _cheapest(self, program: Program, node: int) -> Changes | None:
        """The cheapest changes with room for a node, seen the way that each node is to go."""
        changes = program.cheapest(node, float(self._way[node] * self._room[node]))
        return None if changes is None else changes * self._way

    def _keep(self, changes: Changes) -> None:
        """Remember for whom these changes are room enough."""
        better = (changes > self._reached) & self._unsafe
        for node in np.flatnonzero(better & (changes >= self._room - SMALLEST)).tolist():
            self._witness[node] = changes
        self._reached = np.maximum(self._reached, changes)

    def show_again(self) -> None:
        """Show what no unsafe node needs, the largest first."""
        further = np.flatnonzero(self.hidden & ~self._unsafe & self._table.shown)
        for node in further[np.argsort(-self._table.values[further], kind="stable")].tolist():
            self.hidden[node] = False
            others = self._without(node)
            if others is None:
                self.hidden[node] = True
            else:
                self._witness |= others

    def _without(self, node: int) -> dict[int, Changes] | None:
        """Other changes for those whose changes need the node; nothing where one has none."""
        found: dict[int, Changes] = {}
        needing = [each for each, changes in self._witness.items() if abs(changes[node]) > SMALLEST]
        program = self._program() if needing else None
        for each in needing:
            if any(changes[each] >= self._room[each] - SMALLEST for changes in found.values()):
                found[each] = next(c for c in found.values() if c[each] >= self._room[each] - SMALLEST)
                continue
            assert program is not None
            program.only_hidden(self.hidden)
            changes = self._cheapest(program, each)
            if changes is None:
                return None
            found[each] = changes
        return found
