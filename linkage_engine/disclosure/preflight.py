"""Pre-flight: how many cells would be hidden of a table and of coarser ones, without any outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.preflight import Coarser, Foreseen, Preflight
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.admission.admit import admit
from linkage_engine.disclosure.admission.state import State
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.classification import classified
from linkage_engine.disclosure.control import check_size
from linkage_engine.disclosure.figures import Exact
from linkage_engine.disclosure.mechanisms.choice import mechanism_of
from linkage_engine.disclosure.mechanisms.rounded import rounded
from linkage_engine.disclosure.policy import Policy

Labels = tuple[str, ...]
Bandings = Mapping[str, Mapping[str, str]]
"""For each coarser banding by name, the band of it that each band of the table lies in."""


def foresee(
    state: State, table: ExactTable, policy: Policy, *, coarser: Bandings, generator: np.random.Generator
) -> Preflight:
    """How many cells would be hidden, were the table asked for now, or one of the coarser ones instead.

    Of the table only populations are looked at, as admission does; the state is read and stays as it is.
    What `decide` would hide whole is counted: neither which cells, nor why. Raises
    `QueryRefused(MECHANISM_NOT_AVAILABLE)` for a policy that does not round, since other mechanisms
    hide by outcomes, and TABLE_TOO_LARGE.
    """
    if mechanism_of(policy) is not rounded:
        raise QueryRefused(RefusalCode.MECHANISM_NOT_AVAILABLE)
    check_size(table, policy)

    def of(populations: ExactTable) -> Foreseen:
        hidden = _hidden(state, populations, policy, generator.spawn(1)[0])
        return Foreseen(cells=len(populations.cells), hidden=hidden)

    bare = without_outcomes(table)
    return Preflight(asked=of(bare), coarser=tuple(_coarser(bare, coarser, of)))


def without_outcomes(table: ExactTable) -> ExactTable:
    """The table with nothing in it but whom each cell is about."""
    cells = (ExactCell(cell.labels, cell.population, {}, applicable=cell.applicable) for cell in table.cells)
    return replace(table, measures=(), cells=tuple(cells), reference=None, fit=None)


def _hidden(state: State, table: ExactTable, policy: Policy, generator: np.random.Generator) -> int:
    """Cells of which nothing would be told: by the steps of `decide` that come before any outcome."""
    asked = classified(table, policy)
    admitted = admit(state, asked.table, threshold=policy.history.min_difference, generator=generator)
    withheld = frozenset(place.cell for place in asked.withheld(admitted.decisions))
    told = Exact(table, policy, withheld).populations_safe
    applicable = np.array([cell.applicable for cell in table.cells], dtype=np.bool_)
    return int((applicable & ~told).sum())


def _coarser(
    table: ExactTable, bandings: Bandings, of: Callable[[ExactTable], Foreseen]
) -> Iterator[Coarser]:
    if Breakdown.AGE_BAND in table.dimensions:
        place = table.dimensions.index(Breakdown.AGE_BAND)
        for name, bands in bandings.items():
            yield _told(of(banded(table, place, bands)), "age_bands", name)
    for place, dimension in enumerate(table.dimensions):
        yield _told(of(left_out(table, place)), "without", dimension)


def _told(foreseen: Foreseen, change: Literal["age_bands", "without"], to: str) -> Coarser:
    return Coarser(cells=foreseen.cells, hidden=foreseen.hidden, change=change, to=to)


def left_out(table: ExactTable, place: int) -> ExactTable:
    """The table without one of its dimensions: what stood in its total."""
    dimensions = _but(table.dimensions, place)
    kept = (cell for cell in table.cells if cell.labels[place] == TOTAL)
    cells = tuple(replace(cell, labels=_but(cell.labels, place)) for cell in kept)
    return replace(table, dimensions=dimensions, cells=cells)


def banded(table: ExactTable, place: int, bands: Mapping[str, str]) -> ExactTable:
    """The table with wider bands in one dimension: cells of bands that lie in one band are put together."""
    together: dict[Labels, list[ExactCell]] = {}
    for cell in table.cells:
        label = cell.labels[place]
        wider = (*cell.labels[:place], bands.get(label, label), *cell.labels[place + 1 :])
        together.setdefault(wider, []).append(cell)
    return replace(table, cells=tuple(_joined(labels, cells) for labels, cells in together.items()))


def _joined(labels: Labels, cells: Iterable[ExactCell]) -> ExactCell:
    joined = list(cells)
    people = np.unique(np.concatenate([cell.population for cell in joined]))
    return ExactCell(labels, people, {}, applicable=any(cell.applicable for cell in joined))


def _but(words: Labels, place: int) -> Labels:
    return (*words[:place], *words[place + 1 :])
