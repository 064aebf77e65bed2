from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.protector import suppress as suppression
from linkage_engine.disclosure.protector.boxes import Boxes
from linkage_engine.disclosure.protector.dimension import Dimension
from linkage_engine.disclosure.protector.program import Program
from linkage_engine.disclosure.protector.table import Table
from tests.unit.disclosure.audited import Data, Numbers, audited, suppressed


def grid(*shape: int, seed: int = 1, mean: float = 12) -> tuple[list[list[str]], Data, Numbers]:
    """A made-up table; the first dimension has groups of three."""
    places = list(product(*(range(size) for size in shape)))
    data = {f"c{axis}": [f"v{place[axis]}" for place in places] for axis in range(len(shape))}
    data["group"] = [f"g{place[0] // 3}" for place in places]
    numbers = np.random.default_rng(seed).negative_binomial(2, 2 / (2 + mean), len(places))
    dimensions = [["c0", "group"], *([f"c{axis}"] for axis in range(1, len(shape)))]
    return dimensions, data, numbers.astype(np.int64)


def test_labels_that_cover_the_same_atoms_are_one_node() -> None:
    dimension, places = Dimension.of(["month", "period"], {"month": ["a", "b"], "period": ["A", "B"]})
    assert len(dimension.groups) == 5
    assert len(dimension.nodes) == 3
    assert places.tolist() == [0, 1]


def test_a_code_of_two_parents_is_two_atoms_and_belongs_to_neither_alone() -> None:
    dimension, _ = Dimension.of(["region", "county"], {"region": ["A", "A", "B"], "county": ["x", "y", "y"]})
    assert dimension.groups["region", "A"] == {0, 1}
    assert dimension.groups["county", "y"] == {1, 2}


def test_columns_that_hold_each_other_s_codes_do_not_go_in_circles() -> None:
    data = {"one": ["A", "B"], "two": ["B", "A"]}
    found = suppressed([["one", "two"]], data, np.array([2, 30]), threshold=5)
    assert ("one=A",) in found.hidden
    assert ("two=B",) in found.hidden
    assert ("one=B",) not in found.unsafe


def test_a_total_is_the_sum_of_its_groups_and_a_group_of_its_codes() -> None:
    data = {"code": list("abcdef"), "group": ["g", "g", "g", "h", "h", "h"]}
    dimension, _ = Dimension.of(["code", "group"], data)
    parts = [{dimension.nodes[child] for child in children} for children in dimension.children]
    assert parts[0] == {frozenset({0, 1, 2}), frozenset({3, 4, 5})}
    assert parts[dimension.nodes.index(frozenset({3, 4, 5}))] == {frozenset({place}) for place in (3, 4, 5)}


def test_every_line_of_sums_is_nought_of_the_true_numbers() -> None:
    table = Table.of(*grid(6, 4, 3), cells=1000)
    assert not (table.sums @ table.values).any()
    assert table.values[table.node_of_cell[0]] == table.atoms.sum()


@pytest.mark.parametrize("shape", [(7,), (6, 5), (6, 4, 3)])
@pytest.mark.parametrize("small", [0, 2_500])
def test_unsafe_cells_are_hidden_and_the_auditor_finds_the_table_safe(
    shape: tuple[int, ...], small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppression, "SMALL", small)
    for seed in range(4):
        dimensions, data, numbers = grid(*shape, seed=seed)
        found = suppressed(dimensions, data, numbers, threshold=5, zeros=seed % 2 == 1)
        assert found.unsafe <= found.hidden
        assert audited(dimensions, data, numbers, found.hidden).safe
        shown_zeros = {cell for cell, number in found.numbers.items() if number == 0} - found.unsafe
        assert not shown_zeros & found.hidden


def test_the_same_table_gives_the_same_pattern_in_whatever_order_its_records_come() -> None:
    dimensions, data, numbers = grid(6, 5)
    order = np.random.default_rng(3).permutation(numbers.size)
    shuffled = {name: [column[at] for at in order] for name, column in data.items()}
    first = suppressed(dimensions, data, numbers, threshold=5)
    assert suppressed(dimensions, shuffled, numbers[order], threshold=5) == first


def test_a_table_of_one_cell_hides_it_and_its_total() -> None:
    found = suppressed([["only"]], {"only": ["x"]}, np.array([3]), threshold=5)
    assert found.hidden == {("Total",), ("only=x",)}
    assert suppressed([["only"]], {"only": ["x"]}, np.array([5]), threshold=5).hidden == frozenset()


def test_where_everything_else_is_nobody_the_totals_are_hidden_too() -> None:
    data = {"a": ["p", "q"], "b": ["r", "r"]}
    found = suppressed([["a"], ["b"]], data, np.array([2, 0]), threshold=5)
    assert found.hidden == {("a=p", "b=r"), ("a=p", "Total"), ("Total", "b=r"), ("Total", "Total")}


def test_a_box_needs_room_below_its_falling_corners_and_no_shown_zero() -> None:
    data = {"a": ["x", "x", "y", "y"], "b": ["u", "v", "u", "v"]}
    for numbers, possible in (([2, 9, 9, 9], True), ([2, 2, 9, 9], False), ([2, 9, 9, 0], False)):
        table = Table.of([["a"], ["b"]], data, np.array(numbers), cells=100)
        boxes = Boxes(table, fixed=table.values == 0)
        node = int(np.flatnonzero(table.values == 2)[0])
        cost, rise, fall = boxes.cheapest(node, 3, np.ones(table.values.size))
        assert np.isfinite(cost) == possible
        if possible:
            assert (cost, rise.size, fall.size) == (4, 2, 2)
    assert not np.isfinite(boxes.cheapest(0, 3, np.ones(table.values.size))[0]), "the total has no sibling"


@pytest.mark.parametrize(
    ("numbers", "cells", "code"),
    [
        ([], 100, RefusalCode.TABLE_INVALID),
        ([5, -1], 100, RefusalCode.TABLE_INVALID),
        ([5, 2**53], 100, RefusalCode.TABLE_TOO_LARGE),
        ([5, 6], 2, RefusalCode.TABLE_TOO_LARGE),
    ],
)
def test_what_is_no_table_is_refused(numbers: list[int], cells: int, code: RefusalCode) -> None:
    data = {"a": [str(number) for number in range(len(numbers))]}
    with pytest.raises(QueryRefused) as refusal:
        Table.of([["a"]], data, np.array(numbers, dtype=np.int64), cells=cells)
    assert refusal.value.code is code


def test_a_table_with_negative_numbers_is_refused_with_how_many_they_are() -> None:
    with pytest.raises(QueryRefused) as refusal:
        Table.of([["a"]], {"a": list("xyz")}, np.array([0, -1, 5]), cells=100)
    assert refusal.value.counts == {"negative": 1}


def test_a_cheap_box_is_taken_and_a_dear_one_left_to_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The three other corners cost 1.5 each where ten are counted, 2.4 where a thousand are."""
    data = {"a": ["x", "x", "y", "y"], "b": ["u", "v", "u", "v"]}
    monkeypatch.setattr(suppression, "SMALL", 0)
    monkeypatch.setattr(Program, "together", lambda *_: None)
    monkeypatch.setattr(Program, "cheapest", lambda *_: None)
    monkeypatch.setattr(suppression, "BOX_COST", 5.0)
    found = suppressed([["a"], ["b"]], data, np.array([2, 10, 10, 10]), threshold=5)
    assert found.hidden == {(f"a={a}", f"b={b}") for a in "xy" for b in "uv"}
    with pytest.raises(QueryRefused):
        suppressed([["a"], ["b"]], data, np.array([2, 1_000, 1_000, 1_000]), threshold=5)


def test_a_table_whose_solver_gives_up_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Program, "cheapest", lambda *_: None)
    dimensions, data, numbers = grid(6, 5)
    with pytest.raises(QueryRefused) as refusal:
        suppressed(dimensions, data, numbers, threshold=5)
    assert refusal.value.code is RefusalCode.CANNOT_PROTECT


def test_without_programs_for_many_cells_each_is_protected_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "SMALL", 0)
    monkeypatch.setattr(Program, "together", lambda *_: None)
    dimensions, data, numbers = grid(6, 5)
    found = suppressed(dimensions, data, numbers, threshold=5)
    assert audited(dimensions, data, numbers, found.hidden).safe


def test_which_records_a_node_covers() -> None:
    data = {"a": ["x", "y", "x"], "b": ["u", "u", "v"]}
    table = Table.of([["a"], ["b"]], data, np.array([1, 2, 4]), cells=100)
    for node, value in enumerate(table.values.tolist()):
        assert np.array([1, 2, 4])[table.covered(node, data)].sum() == value
