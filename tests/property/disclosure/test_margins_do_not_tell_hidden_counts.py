"""An attacker who knows the rules and adds up margins: what is left of a hidden count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np

from linkage_engine.contract.controlled_table import TOTAL, CellStatus
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.control import control
from tests.unit.disclosure.tables import DEFAULT, MEASURES, NUMERATOR, PROVENANCE, some

Place = tuple[str, str]
Range = tuple[int, int]
ROWS, COLUMNS = ("A", "B", "C"), tuple("abcdefghi")
PLACES = tuple(product((*ROWS, TOTAL), (*COLUMNS, TOTAL)))
HIDDEN: Range = (0, 12)


def sums() -> list[tuple[Place, list[Place]]]:
    """Every margin with the cells it is the sum of."""
    across = [((row, TOTAL), [(row, column) for column in COLUMNS]) for row in (*ROWS, TOTAL)]
    down = [((TOTAL, column), [(row, column) for row in ROWS]) for column in (*COLUMNS, TOTAL)]
    return across + down


def narrowed(known: Mapping[Place, Range]) -> dict[Place, Range]:
    """What adding and subtracting margins leaves of each range, until nothing moves."""
    ranges = dict(known)
    before: dict[Place, Range] = {}
    while before != ranges:
        before = dict(ranges)
        for margin, parts in sums():
            low, high = (sum(ranges[part][end] for part in parts) for end in (0, 1))
            ranges[margin] = (max(ranges[margin][0], low), min(ranges[margin][1], high))
            for part in parts:
                mine = ranges[part]
                low, high = (sum(ranges[other][end] for other in parts if other != part) for end in (0, 1))
                ranges[part] = (
                    max(mine[0], ranges[margin][0] - high),
                    min(mine[1], ranges[margin][1] - low),
                )
    return ranges


def counts(seed: int) -> dict[Place, int]:
    """A table of three by nine, all margins, with many small cells."""
    inner = np.random.default_rng(seed).poisson(np.geomspace(2, 60, 27).reshape(3, 9))
    full = np.vstack([inner, inner.sum(axis=0)])
    full = np.hstack([full, full.sum(axis=1, keepdims=True)])
    return dict(zip(PLACES, full.ravel().tolist(), strict=True))


def threshold_only(exact: Mapping[Place, int]) -> dict[Place, Range]:
    """What many services show: small cells hidden, all others exact."""
    return {place: HIDDEN if n < 13 else (n, n) for place, n in exact.items()}


def ours(exact: Mapping[Place, int]) -> dict[Place, Range]:
    """What this service shows, and the six counts that each number may stand for; low is 0 to 12 here."""
    cells = tuple(ExactCell(place, some(5000), {"numerator": some(n)}) for place, n in exact.items())
    table = ExactTable("People", "prevalence", ("row", "column"), MEASURES, cells)
    rows = control(table, DEFAULT, provenance=PROVENANCE).rows
    assert {row.values[NUMERATOR].status for row in rows} <= {CellStatus.SHOWN, CellStatus.LOW}
    shown = {place: row.values[NUMERATOR].value for place, row in zip(PLACES, rows, strict=True)}
    return {
        place: HIDDEN if number is None else (int(number) - 2, int(number) + 3)
        for place, number in shown.items()
    }


def widths(show: Callable[[Mapping[Place, int]], dict[Place, Range]]) -> list[int]:
    """How far apart the ends of each hidden count's range are, over thirty tables."""
    found = []
    for seed in range(30):
        exact = counts(seed)
        known = show(exact)
        ranges = narrowed(known)
        assert all(low <= exact[place] <= high for place, (low, high) in ranges.items()), "attacker is sound"
        found += [high - low for place, (low, high) in ranges.items() if known[place] == HIDDEN]
    return found


def test_the_attacker_finds_hidden_counts_behind_a_threshold_alone() -> None:
    found = widths(threshold_only)
    assert found.count(0) > len(found) / 10


def test_rounded_margins_leave_every_hidden_count_several_values() -> None:
    found = widths(ours)
    assert len(found) > 300
    assert min(found) >= 3
