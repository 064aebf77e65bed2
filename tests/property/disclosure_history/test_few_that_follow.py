"""Every small union of sorts that follows from random sets told is found, against all of them tried."""

from __future__ import annotations

import flint
import numpy as np
import pytest
from scipy import sparse

from linkage_engine.disclosure.admission import echelon
from linkage_engine.disclosure.admission.echelon import few_that_follow
from linkage_engine.disclosure.history.sets import Numbers

PRIME = 2**40 - 87
THRESHOLD = 10
HISTORIES = 60
LARGEST = 60
MOST_UNIONS = 300_000
"""Histories with more small unions than these are not gone through one by one."""

Unions = set[frozenset[int]]


def found_in(told: Numbers, sizes: Numbers) -> Unions:
    rows = sparse.csr_array(told.astype(np.float64))
    return {frozenset(each.tolist()) for each in few_that_follow(rows, sizes, threshold=THRESHOLD)}


def independent(rows: Numbers) -> Numbers:
    kept: list[int] = []
    for place in range(len(rows)):
        if np.linalg.matrix_rank(rows[[*kept, place]]) > len(kept):
            kept.append(place)
    return rows[kept]


def null_numbers(told: Numbers, random: np.random.Generator) -> Numbers:
    """For each sort a random residue; they add up to 0 over whatever follows."""
    width = told.shape[1]
    reduced, rank = flint.nmod_mat(len(told), width, told.ravel().tolist(), PRIME).rref()
    rows = np.array(reduced.tolist(), dtype=object).astype(np.int64)[:rank]
    null: Numbers = random.integers(1, PRIME, (width,))
    pivots = (rows != 0).argmax(axis=1)
    null[pivots] = 0
    null[pivots] = (-(rows.astype(object) @ null.astype(object)) % PRIME).astype(np.int64)
    return null


def all_that_follow(told: Numbers, sizes: Numbers, random: np.random.Generator) -> Unions | None:
    """Every small union of sorts tried, one sort more at a time; nothing if they are too many."""
    null = null_numbers(told, random)
    small = np.flatnonzero(sizes < THRESHOLD)
    unions, follow, tried = small[:, None], set[frozenset[int]](), 0
    while len(unions):
        tried += len(unions)
        zero = null[unions].sum(axis=1) % PRIME == 0
        follow |= {frozenset(each) for each in unions[zero].tolist()}
        later = small > unions.max(axis=1, keepdims=True)
        fits = sizes[unions].sum(axis=1, keepdims=True) + sizes[small] < THRESHOLD
        one, other = np.nonzero(later & fits)
        if tried + one.size > MOST_UNIONS:
            return None
        unions = np.column_stack([unions[one], small[other]])
    return follow


def smallest(unions: Unions) -> Unions:
    return {each for each in unions if not any(other < each for other in unions)}


def random_history(random: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Sets of sorts of one person to a hundred; some are a whole and two parts of it but a few."""
    width = int(random.integers(5, LARGEST + 1))
    sizes = random.choice([1, 2, 3, 4, 5, 7, 12, 100], size=width, p=[0.2, *[0.1] * 6, 0.2])
    told = [
        random.random(width) < random.uniform(0.05, 0.6) for _ in range(random.integers(1, width // 2 + 1))
    ]
    for _ in range(random.integers(0, 4)):
        few = random.permutation(np.flatnonzero(sizes < THRESHOLD))
        few = few[np.cumsum(sizes[few]) < THRESHOLD]
        whole = random.random(width) < 0.7
        whole[few] = True
        part = whole & (random.random(width) < 0.5)
        part[few] = False
        other = whole & ~part
        other[few] = False
        told += [whole, part, other]
    return independent(np.array(told).astype(np.int64)), sizes.astype(np.int64)


def test_all_that_follow_are_found_and_nothing_else() -> None:
    compared = named = 0
    for seed in range(HISTORIES):
        random = np.random.default_rng([seed, 11])
        told, sizes = random_history(random)
        truth = all_that_follow(told, sizes, random)
        if truth is not None:
            found = found_in(told, sizes)
            assert found <= truth
            assert smallest(truth) <= found
            compared, named = compared + 1, named + len(smallest(truth))
    assert compared > HISTORIES / 2
    assert named > HISTORIES


@pytest.mark.parametrize("count", range(5, 10))
def test_a_few_among_hundreds_of_sorts_are_found(count: int) -> None:
    """Planted in forty sets over four hundred sorts of one person: too many dimensions to try every sum."""
    random = np.random.default_rng(count)
    told = random.random((43, 400)) < random.uniform(0.05, 0.5, size=(43, 1))
    told[-3:] = random.random((3, 400)) < 1 / 2
    few = random.choice(400, count, replace=False)
    told[-3, few], told[-2:, few] = True, False
    told[-2] &= told[-3]
    told[-1] = told[-3] & ~told[-2]
    told[-1, few] = False
    assert found_in(told.astype(np.int64), np.ones(400, dtype=np.int64)) == {frozenset(few.tolist())}


def test_where_nothing_vanishes_over_the_large_sorts_nothing_small_follows() -> None:
    assert found_in(np.array([[1, 1, 0], [0, 1, 1]]), np.array([10, 3, 20])) == set()
    assert found_in(np.array([[1, 1, 0], [1, 0, 0]]), np.array([10, 3, 20])) == {frozenset({1})}
    assert found_in(np.zeros((0, 3), dtype=np.int64), np.array([10, 3, 20])) == set()


@pytest.mark.parametrize("sizes", [(10, 3, 20), (1, 3, 2)])
def test_what_would_take_too_long_is_not_begun(
    sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = np.array([[1, 1, 0], [1, 0, 0]])
    assert frozenset({1}) in found_in(told, np.array(sizes))
    monkeypatch.setattr(echelon, "MOST_STEPS", 1)
    assert found_in(told, np.array(sizes)) == set()


def test_nor_where_large_sorts_that_are_told_alike_take_little_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three sets over three large sorts: two dimensions are left, over ten small ones."""
    told = np.hstack([np.ones((3, 3)), np.zeros((3, 10))]).astype(np.int64)
    told[0, 3:5] = told[1, 5] = 1
    sizes = np.array([10] * 3 + [1] * 10)
    assert found_in(told, sizes) == {frozenset({3, 4}), frozenset({5})}
    monkeypatch.setattr(echelon, "MOST_STEPS", 30)
    assert found_in(told, sizes) == set()


def test_the_same_sets_always_give_the_same() -> None:
    told, sizes = random_history(np.random.default_rng(2))
    rows = sparse.csr_array(told.astype(np.float64))
    first, second = ([each.tolist() for each in few_that_follow(rows, sizes, threshold=9)] for _ in range(2))
    assert first == second
