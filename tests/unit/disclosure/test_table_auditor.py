from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.auditor import audit as auditing
from linkage_engine.disclosure.auditor.audit import audit
from linkage_engine.disclosure.auditor.certificate import is_possible
from linkage_engine.disclosure.auditor.claim import UNKNOWN, Claim, cells_of
from linkage_engine.disclosure.auditor.ranges import Range, exact_ranges
from linkage_engine.disclosure.auditor.worlds import Worlds
from linkage_engine.disclosure.rounding import METHODS, between

SQUARE = {"a": ["x", "x", "y", "y"], "b": ["u", "v", "u", "v"]}


def equation(*weights: int, truth: tuple[int, ...]) -> Claim:
    """One shown sum of hidden atoms, with weights that no table has: linear and whole numbers part."""
    cells = sparse.csr_array(np.vstack([weights, np.eye(len(weights), dtype=np.int64)]))
    numbers = np.array(truth)
    total = int(np.dot(weights, numbers))
    hidden = np.zeros(len(weights), dtype=np.int64)
    return Claim(
        cells, numbers, np.concatenate([[total], hidden]), np.concatenate([[total], hidden + UNKNOWN])
    )


def square(numbers: list[int], *hidden: tuple[str, str]) -> Claim:
    labels, cells, truth = cells_of([["a"], ["b"]], SQUARE, np.array(numbers), cells_allowed=100)
    secret = np.array([label in hidden for label in labels])
    values = cells @ truth
    return Claim(cells, truth, np.where(secret, 0, values), np.where(secret, UNKNOWN, values))


ROWS, COLUMNS = ("a=x", "a=y", "Total"), ("b=u", "b=v", "Total")
INNER = [(f"a={a}", f"b={b}") for a in "xy" for b in "uv"]


def test_one_hidden_cell_is_its_margin_less_the_others() -> None:
    found = audit(square([2, 9, 9, 9], INNER[0]))
    assert (len(found.determined), found.programs, found.safe) == (1, 0, False)


def test_four_hidden_cells_have_other_possible_numbers_that_were_checked() -> None:
    claim = square([2, 9, 9, 9], *INNER)
    found = audit(claim)
    assert found.safe
    assert all(is_possible(claim, world) for world in found.worlds)
    assert exact_ranges(claim, found, up_to=10)[4] == Range(0, 11, exact=True)


def test_four_hidden_cells_at_the_edge_of_nobody_are_told_by_the_margins() -> None:
    """The row x has nobody: its margin is shown, and the others follow."""
    found = audit(square([0, 0, 4, 5], *INNER))
    assert len(found.determined) == 4


def test_nothing_hidden_is_safe() -> None:
    found = audit(square([2, 9, 9, 9]))
    assert found.safe
    assert found.worlds == ()


def test_a_cell_without_an_end_has_no_largest_number() -> None:
    claim = square([2, 9, 9, 9], INNER[0], ("a=x", "Total"), ("Total", "b=u"), ("Total", "Total"))
    found = audit(claim)
    assert found.safe
    assert exact_ranges(claim, found, up_to=10)[4] == Range(0, None, exact=True)
    reached = exact_ranges(claim, found, up_to=0)[4]
    assert reached.low == 0 or (reached.high or 0) > 2
    assert not reached.exact


def test_the_range_of_a_told_cell_is_its_number() -> None:
    claim = square([0, 0, 4, 5], *INNER)
    assert {(r.low, r.high) for r in exact_ranges(claim, audit(claim), up_to=9).values()} == {
        (0, 0),
        (4, 4),
        (5, 5),
    }
    claim = square([2, 9, 9, 9], INNER[0], INNER[1], ("a=x", "Total"))
    assert set(exact_ranges(claim, audit(claim), up_to=9).values()) == {
        Range(2, 2, exact=True),
        Range(9, 9, exact=True),
        Range(11, 11, exact=True),
    }


def test_wide_for_fractions_but_one_for_whole_numbers_is_told() -> None:
    found = audit(equation(2, 3, truth=(1, 1)))
    assert (found.determined, found.undecided) == ((1, 2), ())


@pytest.mark.parametrize(
    ("weights", "truth"), [((2, 3), (5, 1)), ((9, 2), (3, 1))], ids=["near", "far from the truth"]
)
def test_a_witness_in_whole_numbers_between_fractions_is_found(
    weights: tuple[int, ...], truth: tuple[int, ...]
) -> None:
    claim = equation(*weights, truth=truth)
    found = audit(claim)
    assert found.safe
    assert [world.tolist() for world in found.worlds]
    assert not exact_ranges(claim, found, up_to=9)[1].exact


def test_what_the_solver_does_not_decide_is_not_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worlds, "furthest", lambda *_: None)
    found = audit(square([2, 9, 9, 9], *INNER))
    assert (found.determined, len(found.undecided), found.safe) == ((), 4, False)


def test_cells_are_cleared_one_by_one_where_the_bulk_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "ROUNDS", 0)
    assert audit(square([2, 9, 9, 9], *INNER)).safe


@pytest.mark.parametrize("method", ["midpoint6", "nearest5", "none"])
def test_between_holds_every_count_and_only_those_told_alike(method: str) -> None:
    counts = np.arange(60)
    least, most = between(METHODS[method](counts), method)
    assert ((least <= counts) & (counts <= most)).all()
    for at in counts.tolist():
        assert (METHODS[method](np.arange(least[at], most[at] + 1)) == METHODS[method](counts)[at]).all()


def test_rounded_margins_leave_a_hidden_cell_several_numbers() -> None:
    labels, cells, truth = cells_of([["a"], ["b"]], SQUARE, np.array([2, 20, 21, 30]), cells_allowed=100)
    secret = np.array([label == INNER[0] for label in labels])
    least, most = between(METHODS["midpoint6"](cells @ truth), "midpoint6")
    claim = Claim(cells, truth, np.where(secret, 0, least), np.where(secret, UNKNOWN, most))
    assert audit(claim).safe


def test_a_certificate_is_checked_in_whole_numbers() -> None:
    claim = square([2, 9, 9, 9], *INNER)
    assert is_possible(claim, np.array([3, 8, 8, 10]))
    assert not is_possible(claim, np.array([3, 8, 8, 11])), "a margin differs"
    assert not is_possible(claim, np.array([12, -1, -1, 19])), "below nobody"
    assert not is_possible(claim, np.array([3.0, 8.0, 8.0, 10.0])), "not whole"
    assert not is_possible(claim, np.array([3, 8, 8])), "another table"
    assert not is_possible(claim, np.array([2**31, 8, 8, 10])), "sums could overflow"


def test_a_world_of_large_numbers_is_not_believed_even_where_nothing_is_shown() -> None:
    nothing_shown = square([2, 9, 9, 9], *((a, b) for a in ROWS for b in COLUMNS))
    assert is_possible(nothing_shown, np.array([2**31 - 1, 0, 0, 0]))
    assert not is_possible(nothing_shown, np.array([2**31, 0, 0, 0]))


def test_nobody_may_be_missing_from_an_atom_that_stands_in_sums_only() -> None:
    total = np.array([5])
    of_two = Claim(sparse.csr_array(np.ones((1, 2), dtype=np.int64)), np.array([2, 3]), total, total)
    assert is_possible(of_two, np.array([5, 0]))
    assert not is_possible(of_two, np.array([6, -1]))


def test_more_cells_than_allowed_are_refused_before_they_are_made() -> None:
    data = {name: [str(number) for number in range(101)] for name in "abc"}
    with pytest.raises(QueryRefused) as refusal:
        cells_of([["a"], ["b"], ["c"]], data, np.ones(101, dtype=np.int64), cells_allowed=100_000)
    assert refusal.value.code is RefusalCode.TABLE_TOO_LARGE
    assert refusal.value.counts["cells"] == 102**3
