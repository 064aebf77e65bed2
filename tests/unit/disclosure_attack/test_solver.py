"""The solver of the attacks against enumeration: what follows, alone, in pairs and unlisted."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest

from linkage_engine.laboratory.disclosure.attack.solver import PRIME, Group, Solved, solve
from linkage_engine.laboratory.disclosure.attack.unlisted import larger_unions, small_unions
from tests.property.disclosure_history.exact import Exactly, small_differences

PERSONS, THRESHOLD = 12, 5


def some_sets(seed: int) -> list[Group]:
    random = np.random.default_rng(seed)
    sizes = random.integers(3, PERSONS, size=5)
    return [frozenset(random.choice(PERSONS, size, replace=False).tolist()) for size in sizes]


def solved(sets: list[Group], persons: int = PERSONS) -> Solved:
    return solve([sorted(each) for each in sets], persons, np.random.default_rng(1))


def every_small_group() -> list[Group]:
    sizes = range(1, THRESHOLD)
    return [frozenset(each) for each in chain(*(combinations(range(PERSONS), size) for size in sizes))]


@pytest.mark.parametrize("seed", range(8))
def test_what_follows_is_what_elimination_modulo_another_prime_says(seed: int) -> None:
    sets = some_sets(seed)
    found, truth = solved(sets), Exactly(sets, PERSONS)
    groups = every_small_group()
    assert [found.follows(each) for each in groups] == truth.determined(groups)
    assert found.persons() == truth.alone()
    assert found.rank == truth.rank
    assert found.pairs(THRESHOLD) == small_differences(sets, PERSONS, THRESHOLD)


@pytest.mark.parametrize("seed", range(8))
def test_no_small_group_that_follows_escapes_the_search(seed: int) -> None:
    """But for unions of others that were found, which follow from those."""
    sets = some_sets(seed)
    found = solved(sets)
    following = {each for each in every_small_group() if found.follows(each)}
    searched = small_unions(found, THRESHOLD)
    assert larger_unions(found, THRESHOLD, np.random.default_rng(2)) | searched <= following
    assert all(any(each >= part for part in searched) for each in following)


def test_nothing_told_determines_nobody() -> None:
    found = solved([])
    assert (found.rank, found.persons(), found.pairs(THRESHOLD)) == (0, [], set())
    assert not found.follows(frozenset([1]))
    assert not small_unions(found, THRESHOLD)
    assert not larger_unions(found, THRESHOLD, np.random.default_rng(1))


def test_nobody_is_no_group() -> None:
    assert not solved(some_sets(1)).follows(frozenset())


def test_the_prime_is_one() -> None:
    assert PRIME < 2**40
    assert all(pow(base, PRIME - 1, PRIME) == 1 for base in range(2, 40))
