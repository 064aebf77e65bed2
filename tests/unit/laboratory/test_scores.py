"""Scores of pairs against the truth."""

from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.laboratory.scores import best_f1, number_of_true_pairs, score_pairs, scores_from

TRUE = {("a1", "b1"), ("a2", "b2"), ("a3", "b3"), ("a4", "b4")}


def test_precision_is_of_found_and_recall_of_true() -> None:
    scores = score_pairs({("a1", "b1"), ("a2", "b2"), ("a3", "b9")}, TRUE)
    assert scores.precision == pytest.approx(2 / 3)
    assert scores.recall == pytest.approx(1 / 2)
    assert scores.f1 == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))


def test_finding_nothing_or_having_nothing_to_find_scores_nought() -> None:
    assert score_pairs(set(), TRUE).f1 == 0.0
    assert score_pairs(set(), TRUE).precision == 0.0
    assert score_pairs({("a", "b")}, set()).recall == 0.0
    assert score_pairs(set(), set()).f1 == 0.0


def test_a_pair_is_accepted_from_the_threshold_on() -> None:
    weights, is_true = np.array([3.0, 2.0, 1.0]), np.array([True, False, True])
    scores = scores_from(2.0, weights, is_true, true=2)
    assert (scores.found, scores.correct) == (2, 1)


def test_the_best_threshold_is_found() -> None:
    weights, is_true = np.array([0.0, 5.0, 4.0, 1.0]), np.array([False, True, True, False])
    assert best_f1(weights, is_true, true=2) == 1.0


def test_equal_weights_are_accepted_together() -> None:
    weights, is_true = np.array([5.0, 5.0]), np.array([True, False])
    assert best_f1(weights, is_true, true=1) == pytest.approx(2 / 3)


def test_no_pairs_have_no_best_threshold() -> None:
    assert best_f1(np.array([]), np.array([], dtype=np.bool_), true=3) == 0.0
    assert best_f1(np.array([1.0]), np.array([False]), true=0) == 0.0


def test_true_pairs_are_counted_across_files() -> None:
    assert number_of_true_pairs(["p", "q", "q", None], ["q", "p", "r", None]) == 3
