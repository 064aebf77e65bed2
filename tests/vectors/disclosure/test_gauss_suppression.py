"""Against GaussSuppression 1.2.3 (R): its unsafe cells are ours, its patterns and ours pass the auditor."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from linkage_engine.disclosure.auditor.claim import UNKNOWN, Claim
from tests.unit.disclosure.audited import Dimensions, Labels, audited, claim_of, read, suppressed

pytestmark = pytest.mark.outside(tool="data")
FLAT = [["region"], ["hovedint"]]
NESTED = [["region", "fylke"], ["hovedint"]]
LINKED = [["region", "fylke", "kostragr"], ["hovedint"]]
BY_MONTH = [["region", "fylke"], ["hovedint"], ["mnd"]]
PATTERNS = [
    ("z1.csv", "z1_flat_maxN3_pzTRUE.csv", FLAT, 3, True),
    ("z2.csv", "z2_nolink_maxN2_pzFALSE.csv", NESTED, 2, False),
    ("z2.csv", "z2_nolink_maxN10_pzFALSE.csv", NESTED, 10, False),
    ("z2.csv", "z2_linked_maxN2_pzFALSE.csv", LINKED, 2, False),
    ("z2.csv", "z2_linked_maxN10_pzFALSE.csv", LINKED, 10, False),
    ("z3.csv", "z3_nolink_maxN2_pzFALSE.csv", BY_MONTH, 2, False),
]
AT_MOST = 1.15
"""Our hidden cells to theirs, who protect against exact disclosure only."""


def theirs(path: Path, dimensions: Dimensions, data: Any) -> tuple[frozenset[Labels], frozenset[Labels]]:
    """Their unsafe and their hidden cells, with our names for them."""
    names: list[dict[str, list[str]]] = []
    for columns in dimensions:
        known: dict[str, list[str]] = {"Total": ["Total"]}
        for column in columns:
            for value in set(data[column]):
                known.setdefault(value.removesuffix(".0"), []).append(f"{column}={value}")
        names.append(known)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]

    def flagged(column: int) -> frozenset[Labels]:
        chosen = [row for row in rows if row[column] == "TRUE"]
        return frozenset(
            tuple(known[text][0] for known, text in zip(names, row, strict=False)) for row in chosen
        )

    return flagged(-2), flagged(-1)


@pytest.mark.parametrize(("table", "pattern", "dimensions", "largest_unsafe", "zeros"), PATTERNS)
def test_our_pattern_has_their_unsafe_cells_is_safe_and_hardly_larger(
    *, outside_data: Path, table: str, pattern: str, dimensions: Dimensions, largest_unsafe: int, zeros: bool
) -> None:
    folder = outside_data / "disclosure"
    data, numbers = read(folder / table, "ant")
    ours = suppressed(dimensions, data, numbers, threshold=largest_unsafe + 1, zeros=zeros)
    unsafe, hidden = theirs(folder / pattern, dimensions, data)
    print(f"{pattern}: unsafe {len(unsafe)}, hidden {len(ours.hidden)}, theirs {len(hidden)}")  # noqa: T201
    assert ours.unsafe == unsafe
    assert audited(dimensions, data, numbers, ours.hidden).safe
    assert len(ours.hidden) <= AT_MOST * len(hidden)
    assert audited(dimensions, data, numbers, hidden).safe
    assert not audited(dimensions, data, numbers, unsafe).safe


def test_the_linked_example_of_sdctable_is_told_exactly(outside_data: Path) -> None:
    data, numbers = read(outside_data / "disclosure" / "sdctable_linked.csv", "n")
    dimensions = [["region", "county", "group"]]
    five = frozenset((f"region={name}",) for name in "ABKLM")
    for apart in (["region", "county"], ["region", "group"]):
        pattern = suppressed([apart], data, numbers, threshold=4)
        assert pattern.unsafe == five
        assert audited([apart], data, numbers, five).safe
    claim, labels = claim_of(dimensions, data, numbers, five)
    found = audited(dimensions, data, numbers, five)
    assert [(labels[cell], int(claim.values[cell])) for cell in found.determined] == [(("region=K",), 3)]


def is_told(claim: Claim, cell: int) -> bool:
    """Whether a cell has one possible number, by somebody else's integer program."""
    shown = claim.most < UNKNOWN
    rows = LinearConstraint(claim.cells[shown], claim.least[shown], claim.most[shown])
    line = claim.cells[[cell]].toarray().ravel()
    value = float(claim.values[cell])
    for sign in (1.0, -1.0):
        found = milp(
            sign * line,
            constraints=rows,
            integrality=np.ones(line.size),
            bounds=Bounds(0, claim.truth + 1000),
        )
        if abs(line @ np.rint(found.x) - value) > 0.5:
            return False
    return True


def test_every_weakness_planted_in_a_safe_pattern_is_found(outside_data: Path) -> None:
    """A further cell is shown again, 200 times; what the auditor says is confirmed cell by cell."""
    weakened = told = 0
    for table, dimensions in (("z2.csv", NESTED), ("z2.csv", LINKED), ("z1.csv", FLAT)):
        data, numbers = read(outside_data / "disclosure" / table, "ant")
        for threshold in (3, 4, 5, 6, 8, 11):
            pattern = suppressed(dimensions, data, numbers, threshold=threshold)
            for further in sorted(pattern.hidden - pattern.unsafe):
                if weakened == 200:
                    break
                weakened += 1
                hidden = pattern.hidden - {further}
                claim, _ = claim_of(dimensions, data, numbers, hidden)
                found = audited(dimensions, data, numbers, hidden)
                assert found.undecided == ()
                assert all(is_told(claim, cell) for cell in found.determined)
                secret = set(np.flatnonzero(claim.most == UNKNOWN).tolist()) - set(found.determined)
                moved = {
                    cell
                    for world in found.worlds
                    for cell in np.flatnonzero(claim.cells @ world != claim.values)
                }
                assert secret <= moved, "what is safe has a witness"
                assert all(
                    (
                        np.asarray(claim.cells @ world)[claim.most < UNKNOWN]
                        == claim.most[claim.most < UNKNOWN]
                    ).all()
                    and (world >= 0).all()
                    for world in found.worlds
                )
                told += bool(found.determined)
    print(f"weakened {weakened}, of these unsafe {told}")  # noqa: T201
    assert weakened >= 150
    assert told > weakened / 2
