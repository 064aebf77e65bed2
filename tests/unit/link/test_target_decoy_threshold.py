from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.link.threshold import Threshold, chosen, mutual_best


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_an_edge_stays_when_it_is_the_best_of_both_its_ends() -> None:
    left, right = np.array([0, 0, 1, 1]), np.array([2, 3, 2, 3])
    assert mutual_best(left, right, floats(5, 4, 6, 1), 4).tolist() == [False, False, True, False]


def test_equal_edges_are_ordered_by_record_number() -> None:
    left, right = np.array([1, 0, 0]), np.array([2, 3, 2])
    assert mutual_best(left, right, floats(1, 1, 1), 4).tolist() == [False, False, True]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(6, 11), st.integers(0, 3)), unique_by=lambda e: e[:2])
)
def test_no_record_has_two_mutual_best_edges(edges: list[tuple[int, int, int]]) -> None:
    left, right, weight = (np.array([e[i] for e in edges], dtype=np.int64) for i in range(3))
    best = mutual_best(left, right, weight.astype(np.float64), 12)
    ends = np.concatenate([left[best], right[best]])
    assert len(ends) == len(set(ends.tolist()))
    assert best.any() or not edges


def test_the_threshold_parts_true_pairs_from_those_that_decoys_resemble() -> None:
    rng = np.random.default_rng(1)
    true, false, decoys = rng.normal(20, 4, 800), rng.normal(-3, 3, 200), rng.normal(-3, 3, 400)
    found = chosen(np.concatenate([true, false]), decoys, records_a=1000, records_b=1000)
    assert 2 < found.match_weight < 12
    accepted_false = (false >= found.match_weight).sum() / 800
    assert found.false_link_rate == pytest.approx(accepted_false, abs=0.01)


def test_more_decoys_raise_the_threshold() -> None:
    rng = np.random.default_rng(2)
    targets = np.concatenate([rng.normal(15, 6, 500), rng.normal(0, 3, 300)])
    few = chosen(targets, rng.normal(0, 3, 20), records_a=1000, records_b=1000)
    many = chosen(targets, rng.normal(0, 3, 800), records_a=1000, records_b=1000)
    assert few.match_weight < many.match_weight


def test_the_estimate_is_the_formula() -> None:
    # Four targets, one decoy above the cut of 10, and one added: d = 2; 100 records on each side, so the
    # factor 2 ua ub / (ua^2 + ub^2) is 1 and FP = 2, at every cut above which no more decoys lie.
    found = chosen(floats(30, 30, 30, 30), floats(40), records_a=100, records_b=100)
    assert found == Threshold(30.0, 0.5, decoys=1)


def test_no_targets_have_no_threshold() -> None:
    assert chosen(floats(), floats(1.0), records_a=5, records_b=5) == Threshold(0.0, 0.0)


@given(
    st.lists(st.floats(-40, 40), max_size=12),
    st.lists(st.floats(-40, 40), max_size=12),
    st.integers(1, 30),
    st.integers(1, 30),
)
def test_a_link_is_never_made_against_the_odds(
    targets: list[float], decoys: list[float], records_a: int, records_b: int
) -> None:
    found = chosen(floats(*targets), floats(*decoys), records_a=records_a, records_b=records_b)
    assert found.match_weight >= 0
    assert 0 <= found.false_link_rate <= 1


def test_where_the_best_choice_is_below_even_odds_all_pairs_above_are_links() -> None:
    # Without decoys the lowest target is the best choice.
    assert chosen(floats(-20, -8, 3, 9), floats(), records_a=4, records_b=4).match_weight == 3.0
    assert chosen(floats(-20, -8), floats(), records_a=4, records_b=4) == Threshold(0.0, 0.0)


def test_files_that_match_wholly_expect_no_false_links() -> None:
    assert chosen(floats(9, 9, 9), floats(), records_a=1, records_b=1).false_link_rate == 0.0
