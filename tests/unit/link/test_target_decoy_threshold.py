from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.link.threshold import EVEN_ODDS, Outcome, chosen, curve_of, mutual_best


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
    assert found.outcome is Outcome.CHOSEN
    assert 2 < found.match_weight < 12
    accepted_false = (false >= found.match_weight).sum() / 800
    assert found.false_link_rate == pytest.approx(accepted_false, abs=0.01)


def test_the_three_weights_are_read_off_one_curve() -> None:
    rng = np.random.default_rng(3)
    true, false, decoys = rng.normal(14, 6, 8000), rng.normal(0, 3, 4000), rng.normal(0, 3, 4000)
    targets = np.concatenate([true, false])
    found = chosen(targets, decoys, records_a=12_000, records_b=12_000)
    assert found.strict > found.match_weight > found.lenient
    assert (false >= found.strict).sum() / (targets >= found.strict).sum() < 0.002
    further = (targets >= found.lenient) & (targets < found.lenient + 0.5)
    assert 0.1 < (true[further[:8000]].size / further.sum()) < 0.35


def test_a_file_too_small_for_a_rate_of_one_in_a_thousand_is_strict_above_every_decoy() -> None:
    rng = np.random.default_rng(4)
    targets = np.concatenate([rng.normal(20, 4, 200), rng.normal(0, 2, 100)])
    decoys = rng.normal(0, 2, 100)
    assert chosen(targets, decoys, records_a=300, records_b=300).strict > decoys.max()


def test_more_decoys_raise_the_threshold() -> None:
    rng = np.random.default_rng(2)
    targets = np.concatenate([rng.normal(15, 6, 500), rng.normal(0, 3, 300)])
    few = chosen(targets, rng.normal(0, 3, 20), records_a=1000, records_b=1000)
    many = chosen(targets, rng.normal(0, 3, 800), records_a=1000, records_b=1000)
    assert few.match_weight < many.match_weight


def test_the_curve_is_the_formula_and_is_thinned_to_its_ends() -> None:
    # Four targets, one decoy above the cut of 30, and one added: d = 2; 100 records on each side, so the
    # factor 2 ua ub / (ua^2 + ub^2) is 1 and FP = 2, at every cut above which no more decoys lie.
    curve, false_per_decoy = curve_of(floats(30, 31, 32, 33), floats(40), records_a=100, records_b=100)
    assert false_per_decoy == 1.0
    assert curve.false.tolist() == [2.0, 2.0, 2.0, 1.0]
    assert curve.links.tolist() == [4.0, 3.0, 2.0, 1.0]
    assert curve.thinned(2).match_weight.tolist() == [30.0, 33.0]


@given(
    st.lists(st.floats(-40, 40), max_size=12),
    st.lists(st.floats(-40, 40), max_size=12),
    st.integers(1, 2000),
    st.integers(1, 2000),
)
def test_links_are_made_against_the_odds_only_where_one_in_ten_is_false_at_most(
    targets: list[float], decoys: list[float], records_a: int, records_b: int
) -> None:
    found = chosen(floats(*targets), floats(*decoys), records_a=records_a, records_b=records_b)
    curve, _ = curve_of(floats(*targets), floats(*decoys), records_a=records_a, records_b=records_b)
    against = (curve.match_weight >= found.match_weight) & (curve.match_weight < 0)
    if against.any():
        links, false = (
            each[against][0] - each[~against].max(initial=0) for each in (curve.links, curve.false)
        )
        assert false <= 0.1 * links
    assert found.strict >= found.match_weight >= found.lenient
    assert 0 <= found.false_link_rate <= 1


def test_where_the_best_choice_is_below_even_odds_all_pairs_above_are_links() -> None:
    # A decoy for five targets: the lowest target would be the best choice.
    below, decoys = np.linspace(-20, -1, 100), np.linspace(-20, -1, 20)
    found = chosen(np.append(below, [3.0, 9.0]), decoys, records_a=200, records_b=200)
    assert (found.outcome, found.match_weight) == (Outcome.CHOSEN, 3.0)
    none = chosen(below, decoys, records_a=200, records_b=200)
    assert (none.outcome, none.match_weight, none.false_link_rate) == (Outcome.CHOSEN, EVEN_ODDS, 0.0)


def test_where_decoys_foretell_no_false_ones_links_are_made_below_even_odds() -> None:
    below = np.append(np.linspace(-20, -1, 100), [3.0, 9.0])
    assert chosen(below, floats(), records_a=200, records_b=200).match_weight == -20.0


@pytest.mark.parametrize("seed", range(20))
def test_where_nobody_is_in_both_no_threshold_is_invented(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = chosen(rng.normal(0, 5, 400), rng.normal(0, 5, 420), records_a=1000, records_b=1000)
    assert (found.outcome, found.match_weight, found.false_link_rate) == (Outcome.NO_OVERLAP, EVEN_ODDS, 0.0)


@pytest.mark.parametrize(("targets", "from_which"), [((-20, -8, 3, 9), 3.0), ((-20, -8), EVEN_ODDS)])
def test_too_few_records_for_decoys_have_even_odds_of_the_model(
    targets: tuple[float, ...], from_which: float
) -> None:
    found = chosen(floats(*targets), floats(50, 50), records_a=4, records_b=4)
    assert (found.outcome, found.match_weight) == (Outcome.FEW_RECORDS, from_which)


def test_files_that_match_wholly_expect_no_false_links() -> None:
    assert chosen(floats(9, 9, 9), floats(), records_a=1, records_b=1).false_link_rate == 0.0
