"""The gate: independent, fresh and closed unless it is sure; planted faults do not pass."""

from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.disclosure.gate import factor, pairs, verdict
from linkage_engine.disclosure.gate.differences import small_differences
from linkage_engine.disclosure.gate.factor import NullSpace
from linkage_engine.disclosure.gate.pairs import all_listed
from linkage_engine.disclosure.gate.verdict import DETERMINED, Finding, Verdict, look
from linkage_engine.disclosure.history import bundles
from linkage_engine.disclosure.history.sets import PersonSets, no_sets
from tests.property.disclosure_history.exact import small_parts
from tests.property.disclosure_history.histories import listed, sets_of

HALVES = sets_of([range(20), range(20, 40), range(40)])


def looked(published: PersonSets, groups: PersonSets, seed: int = 1) -> Finding:
    return look(published, groups, generator=np.random.default_rng(seed))


def test_nothing_published_determines_nothing() -> None:
    found = looked(no_sets(), sets_of([range(3)]))
    assert found.verdict is Verdict.SAFE
    assert (found.space.rank, found.space.residual) == (0, 0.0)


def test_halves_and_their_sum_have_rank_two() -> None:
    found = looked(HALVES, sets_of([range(3)]))
    assert (found.verdict, found.space.rank) == (Verdict.SAFE, 2)


def test_a_group_is_named_by_its_place() -> None:
    found = looked(sets_of([range(20), range(17)]), sets_of([range(5), [], range(17, 20)]))
    assert found.verdict is Verdict.DETERMINED
    assert found.groups.tolist() == [2]


def test_a_person_is_found_without_being_a_group() -> None:
    found = looked(sets_of([range(20), range(19)]), no_sets())
    assert found.verdict is Verdict.DETERMINED
    assert found.persons.tolist() == [19]


def test_sets_of_nobody_and_sets_that_stand_twice_do_no_harm() -> None:
    found = looked(sets_of([[], range(20), range(20), []]), sets_of([range(3)]))
    assert (found.verdict, found.space.rank) == (Verdict.SAFE, 1)


@pytest.mark.parametrize(
    "faulty",
    [
        lambda space: NullSpace(space.vectors, space.rank, 1e-7),
        lambda space: NullSpace(space.vectors, space.rank, float("nan")),
        lambda space: NullSpace(space.vectors * 1e-6, space.rank, 0.0),
        lambda space: NullSpace(space.vectors * np.nan, space.rank, 0.0),
    ],
    ids=["large residual", "residual is no number", "doubtful sums", "sums are no numbers"],
)
def test_what_is_not_accurate_is_undecided(monkeypatch: pytest.MonkeyPatch, faulty: object) -> None:
    whole = factor.null_space
    monkeypatch.setattr(verdict, "null_space", lambda *given: faulty(whole(*given)))  # type: ignore[operator]
    assert looked(HALVES, sets_of([range(3)])).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("left", "residual", "expected"),
    [
        (np.nextafter(1e-7, 0), 1e-8, Verdict.DETERMINED),
        (1e-7, 1e-8, Verdict.UNDECIDED),
        (np.nextafter(1e-5, 0), 1e-8, Verdict.UNDECIDED),
        (1e-5, 1e-8, Verdict.SAFE),
        (1e-5, np.nextafter(1e-8, 1), Verdict.UNDECIDED),
    ],
)
def test_the_limits_between_determined_undecided_and_safe(
    monkeypatch: pytest.MonkeyPatch, left: float, residual: float, expected: Verdict
) -> None:
    """One of several vectors is enough to show that a person is not determined."""
    vectors = np.zeros((1, verdict.VECTORS))
    vectors[0, -1] = -left
    monkeypatch.setattr(verdict, "null_space", lambda *_: NullSpace(vectors, 0, residual))
    assert looked(no_sets(), sets_of([[0]])).verdict is expected


def test_a_rank_taken_too_low_is_seen_in_the_residual(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set thrown away as following from the others although it does not: a gate that looks away."""
    monkeypatch.setattr(factor, "PIVOT", 1e3)
    sets = sets_of([range(20), range(17)])
    assert looked(sets, sets_of([range(17, 20)])).verdict is Verdict.UNDECIDED


def test_a_factor_without_refinement_is_still_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factor, "REFINEMENTS", -1)
    assert looked(HALVES, no_sets()).verdict is Verdict.UNDECIDED


def test_differences_of_pairs_are_found_once() -> None:
    published = sets_of([range(20), range(17), range(30, 60), [*range(17), *range(30, 60)], range(100, 120)])
    vectors = looked(published, no_sets()).space.vectors
    found = small_differences(published, vectors, threshold=10, nothing=DETERMINED)
    assert listed(found) == [frozenset(range(17, 20))]


def test_a_small_difference_that_cannot_be_computed_is_none() -> None:
    published = sets_of([range(20), range(15, 40)])
    vectors = looked(published, no_sets()).space.vectors
    assert len(small_differences(published, vectors, threshold=10, nothing=DETERMINED)) == 0


def test_a_finding_does_not_print_its_groups() -> None:
    found = looked(HALVES, no_sets())
    assert repr((found, found.space)) == "(Finding(safe), NullSpace(withheld))"


def listed_all(before: PersonSets, new: PersonSets, groups: PersonSets, threshold: int = 10) -> bool:
    return all_listed(before, new, groups, threshold=threshold, generator=np.random.default_rng(1))


@pytest.mark.parametrize("missing", range(4))
def test_a_part_of_a_pair_with_a_new_set_that_nobody_listed_is_missed(missing: int) -> None:
    """What both share, one has beyond the other, the other beyond the one, and of two new sets."""
    before, new = sets_of([range(20), range(40, 60)]), sets_of([range(17, 40), range(42, 63), range(36, 66)])
    parts = [range(17, 20), range(40, 42), range(60, 63), range(36, 40)]
    others = [range(36, 42), [*range(36, 42), *range(63, 66)]]
    assert listed_all(before, new, sets_of([*parts, *others]))
    assert not listed_all(before, new, sets_of([*parts[:missing], *parts[missing + 1 :], *others]))


def test_single_people_and_pairs_of_old_sets_need_no_list() -> None:
    assert listed_all(sets_of([range(20), range(17, 40)]), sets_of([range(39, 80)]), no_sets())
    assert listed_all(no_sets(), no_sets(), no_sets())


@pytest.mark.parametrize("threshold", [10, 11])
def test_a_part_as_large_as_the_threshold_needs_no_list(threshold: int) -> None:
    before, new = sets_of([range(30)]), sets_of([range(30 - threshold, 60)])
    assert listed_all(before, new, no_sets(), threshold=threshold)
    assert not listed_all(before, new, no_sets(), threshold=threshold + 1)


def test_parts_are_looked_at_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "BLOCK_VALUES", 1)
    before = sets_of([range(100, 150), range(200, 250), range(20)])
    assert not listed_all(before, sets_of([range(17, 40)]), no_sets())


@pytest.mark.parametrize("seed", range(4))
def test_what_is_listed_is_what_exact_differences_need(seed: int) -> None:
    """All parts but any one: that one is missed."""
    random = np.random.default_rng(seed)
    sets = [frozenset(random.choice(60, random.integers(12, 40), replace=False).tolist()) for _ in range(12)]
    parts = [each for each in small_parts(sets, 60, 6) if len(each) > 1]
    of_new = [each for each in parts if each not in set(small_parts(sets[:8], 60, 6))]
    before, new = sets_of(sets[:8]), sets_of(sets[8:])
    assert listed_all(before, new, sets_of(parts), threshold=6)
    for each in of_new:
        assert not listed_all(before, new, sets_of(set(parts) - {each}), threshold=6)


@pytest.mark.parametrize("kinds", [2, 3, 16, 512])
def test_people_are_counted_by_kinds_as_one_by_one(kinds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "KINDS", kinds)
    random = np.random.default_rng(kinds)
    sets = sets_of(random.choice(50, random.integers(1, 50), replace=False) for _ in range(30))
    everything = list(bundles.bundles(sets, np.arange(30), 50))
    rows, values, weights = sets.matrix(50), random.random((50, 2)), random.random((30, 2))
    shared = np.block([[one.shared(other) for other in everything] for one in everything])
    assert (shared == (rows @ rows.T).toarray()).all()
    assert np.allclose(np.vstack([each.sums(values) for each in everything]), rows @ values)
    edges = np.cumsum([len(each) for each in everything])[:-1]
    spread = [each.spread(part) for each, part in zip(everything, np.split(weights, edges), strict=True)]
    assert np.allclose(np.sum(spread, axis=0), rows.T @ weights)
    assert repr(everything[0]) == "Bundle(withheld)"


@pytest.mark.parametrize("kinds", [2, 16, 512])
def test_the_factor_of_many_bundles_is_that_of_all_sets(kinds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "KINDS", kinds)
    random = np.random.default_rng(kinds)
    sets = sets_of(random.choice(50, random.integers(1, 50), replace=False) for _ in range(30))
    twice = sets.joined(sets_of([np.union1d(sets[0], sets[1]), range(50)])).joined(sets)
    vectors = random.standard_normal((50, 2))
    found = factor.null_space(twice, vectors)
    rows = twice.matrix(50).toarray()
    assert found.rank == np.linalg.matrix_rank(rows)
    assert np.allclose(found.vectors, vectors - np.linalg.pinv(rows) @ (rows @ vectors))
