"""The last look at a table of exact numbers: what it tells of those it hides, found independently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linkage_engine.contract.controlled_table import TOTAL, ControlledTable, Statistic
from linkage_engine.contract.evidence import TableAudit
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.auditor.audit import audit
from linkage_engine.disclosure.auditor.certificate import is_possible
from linkage_engine.disclosure.auditor.claim import UNKNOWN, Claim, Whole
from linkage_engine.disclosure.cells import ExactTable, Persons

Flags = npt.NDArray[np.bool_]

SECONDS = 300.0
"""Of the solver, for linear and for integer programs each, before a table is refused."""
POPULATION = -1
"""In the place of a part."""
SEED = 20_261_122
"""Of the numbers by which kinds of people are told apart; that they were is checked."""


@dataclass(frozen=True, eq=False)
class _Numbers:
    """Every number of people that a table has or that follows from two of them: one entry each.

    `told` is what stands in the table, or `UNKNOWN`; `asked` says whether it has a place for it, as it has
    none for the rest of a population without a part or in a cell that nobody can be in.
    """

    people: tuple[Persons, ...]
    place: Whole
    part: Whole
    is_rest: Flags
    told: Whole
    asked: Flags


def audit_table(exact: ExactTable, table: ControlledTable, *, threshold: int) -> TableAudit:
    """What a table of exact numbers tells of the numbers that it hides.

    Every hidden number must have at least two possible values, by a table in whole numbers that is checked
    without the solver; so must whatever 1 to threshold - 1 people are in a cell, in or out of a part.
    Possible are people of every kind that occurs, and of every cell that is no margin with some of the
    parts: an attacker who knows less can rule out less.

    `QueryRefused(SUPPRESSION_UNDECIDED)` unless that is sure.
    """
    numbers = _numbers(exact, table)
    rows, truth = _kinds(exact, numbers)
    sizes = np.asarray(rows @ truth)
    hidden = numbers.asked & (numbers.told == UNKNOWN)
    known = _distinct(rows, numbers.told < UNKNOWN)
    targets = _distinct(rows, hidden | ((sizes > 0) & (sizes < threshold)))
    nothing = np.zeros(targets.size, dtype=np.int64)
    claim = Claim(
        cells=rows[np.concatenate([known, targets])],
        truth=truth,
        least=np.concatenate([numbers.told[known], nothing]),
        most=np.concatenate([numbers.told[known], nothing + UNKNOWN]),
    )
    found = audit(claim, seconds=SECONDS)
    varies = np.zeros(targets.size, dtype=np.bool_)
    for world in found.worlds:
        varies |= np.asarray(rows[targets] @ world) != sizes[targets]
    if not (found.safe and varies.all() and all(is_possible(claim, each) for each in (truth, *found.worlds))):
        raise QueryRefused(RefusalCode.SUPPRESSION_UNDECIDED)
    return TableAudit(
        hidden=int(hidden.sum()),
        secondary=int((hidden & _large(numbers, sizes, threshold)).sum()),
        determined=len(found.determined),
        undecided=len(found.undecided),
        programs=found.programs,
        witnesses=len(found.worlds),
    )


def _numbers(exact: ExactTable, table: ControlledTable) -> _Numbers:
    """Populations, then each part and its rest."""
    column = {
        each.part: at
        for at, each in enumerate(exact.measures)
        if each.statistic in {Statistic.POPULATION, Statistic.COUNT}
    }
    cells = exact.cells
    everybody = [cell.population for cell in cells]
    blocks = [(everybody, POPULATION, False, _told(table, column[None]))]
    unknown = np.full(len(cells), UNKNOWN)
    for code, part in enumerate(filter(None, column)):
        inside = [cell.parts[part] for cell in cells]
        outside = [np.setdiff1d(*each) for each in zip(everybody, inside, strict=True)]
        blocks.append((inside, code, False, _told(table, column[part])))
        blocks.append((outside, code, True, unknown))
    applicable = np.array([cell.applicable for cell in cells], dtype=np.bool_)
    return _Numbers(
        people=tuple(people for block in blocks for people in block[0]),
        place=np.tile(np.arange(len(cells)), len(blocks)),
        part=np.repeat([block[1] for block in blocks], len(cells)),
        is_rest=np.repeat([block[2] for block in blocks], len(cells)),
        told=np.concatenate([block[3] for block in blocks]),
        asked=np.concatenate([applicable & (not block[2]) for block in blocks]),
    )


def _told(table: ControlledTable, column: int) -> Whole:
    values = (row.values[column].value for row in table.rows)
    return np.array([UNKNOWN if value is None else int(value) for value in values], dtype=np.int64)


def _large(numbers: _Numbers, sizes: Whole, threshold: int) -> Flags:
    """Which numbers are large enough and leave a rest that is."""
    cells = int(numbers.place.max(initial=-1)) + 1
    rests = np.roll(np.where(numbers.is_rest, sizes, threshold), -cells)
    return (sizes >= threshold) & (rests >= threshold)


def _kinds(exact: ExactTable, numbers: _Numbers) -> tuple[sparse.csr_array, Whole]:
    """Numbers by kinds of people, and how many people each kind has.

    People whom the same numbers count have the same sum of the numbers' marks. Should another kind ever have
    it too, `QueryRefused(SUPPRESSION_UNDECIDED)`.
    """
    marks = _marks(len(numbers.people))
    members = np.concatenate([_NOBODY, *numbers.people])
    line = np.repeat(np.arange(len(numbers.people)), [each.size for each in numbers.people])
    persons, person = np.unique(members, return_inverse=True)
    sums = np.zeros((persons.size, 2), dtype=np.uint64)
    np.add.at(sums, person, marks[line])
    kinds, kind, truth = np.unique(sums, axis=0, return_inverse=True, return_counts=True)
    occurring = sparse.csr_array(
        (np.ones(line.size, dtype=np.int64), (line, kind.ravel()[person])), shape=(len(marks), len(kinds))
    )
    occurring.sum_duplicates()
    if (occurring.data != truth[occurring.indices]).any():
        raise QueryRefused(RefusalCode.SUPPRESSION_UNDECIDED)
    occurring.data[:] = 1
    known = {tuple(each) for each in kinds.tolist()}
    further: list[Flags] = []
    for imagined in _imaginable(exact, numbers):
        mark = tuple(marks[imagined].sum(axis=0).tolist())
        if mark not in known:
            known.add(mark)
            further.append(imagined)
    columns = sparse.csr_array(np.array(further, dtype=np.int64).reshape(len(further), len(marks)).T)
    truth = np.concatenate([truth.astype(np.int64), np.zeros(len(further), dtype=np.int64)])
    return sparse.csr_array(sparse.hstack([occurring, columns], format="csr")), truth


def _marks(numbers: int) -> npt.NDArray[np.uint64]:
    return np.random.default_rng(SEED).integers(1 << 63, size=(numbers, 2), dtype=np.uint64)


def _imaginable(exact: ExactTable, numbers: _Numbers) -> Iterator[Flags]:
    """By which numbers somebody of one cell that is no margin, and of some of the parts, is counted."""
    width = len(exact.dimensions) + 1  # with none there would be nothing to compare
    labels = np.array([(*cell.labels, "") for cell in exact.cells], dtype=np.str_).reshape(-1, width)
    total = np.array([*(TOTAL for _ in exact.dimensions), ""])
    never_split = np.array([_same_along(exact, labels, at) for at in range(width)], dtype=np.bool_)
    for place, cell in enumerate(exact.cells):
        if not cell.applicable or TOTAL in cell.labels:
            continue
        over = (labels == labels[place]) | (labels == total)
        own, wide = over.all(axis=1), (over | never_split).all(axis=1)
        for chosen in _some_of(int(numbers.part.max()) + 1):
            inside = own[numbers.place] & np.append(chosen, False)[numbers.part]
            counted = (numbers.part == POPULATION) | (inside != numbers.is_rest)
            yield wide[numbers.place] & counted


def _same_along(exact: ExactTable, labels: npt.NDArray[np.str_], dimension: int) -> bool:
    """Whether cells that differ in this dimension alone are all about the same people."""
    first: dict[bytes, Persons] = {}
    others = np.delete(labels, dimension, axis=1)
    return all(
        np.array_equal(first.setdefault(key.tobytes(), cell.population), cell.population)
        for key, cell in zip(others, exact.cells, strict=True)
    )


def _some_of(parts: int) -> Iterator[Flags]:
    """None of the parts, one or two, or all."""
    for chosen in product((False, True), repeat=parts):
        if sum(chosen) <= 2 or all(chosen):  # noqa: PLR2004
            yield np.array(chosen, dtype=np.bool_)


def _distinct(rows: sparse.csr_array, wanted: Flags) -> Whole:
    """One of each line among those wanted."""
    found: dict[bytes, int] = {}
    for line in np.flatnonzero(wanted).tolist():
        found.setdefault(rows.indices[rows.indptr[line] : rows.indptr[line + 1]].tobytes(), line)
    return np.array(list(found.values()), dtype=np.int64)


_NOBODY: Persons = np.empty(0, dtype=np.int32)
