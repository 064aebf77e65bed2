from __future__ import annotations

from collections.abc import Collection
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.spine.clusters import Level, contradictions, nested_clusters
from tests.unit.spine.people import Tokens, groups, pairs_of, records_of

Pairs = tuple[tuple[str, str, float], ...]


def clustered(
    keys: str,
    *pairs: tuple[str, str, float],
    level: Level = Level.PRIMARY,
    nhs: Tokens | None = None,
    repeating: Collection[str] = (),
) -> set[str]:
    """Clusters of the level, each as its keys in order."""
    records = records_of(keys.split(), nhs)
    found = nested_clusters(records, pairs_of(records, *pairs), repeating=repeating)
    return {" ".join(sorted(group)) for group in groups(records, found.labels[level].tolist())}


def test_linked_records_are_one_cluster_and_the_others_are_alone() -> None:
    assert clustered("a1 a2 b1 c1", ("a1", "b1", 19.0), ("b1", "c1", 15.0)) == {"a1 b1 c1", "a2"}


def test_the_heavier_pair_wins_where_two_records_of_a_provider_compete() -> None:
    assert clustered("a1 a2 b1", ("a1", "b1", 13.0), ("a2", "b1", 14.0)) == {"a2 b1", "a1"}


def test_a_third_provider_never_brings_two_records_of_one_provider_together() -> None:
    pairs = (("a1", "b1", 19.0), ("a2", "c1", 18.0), ("b1", "c1", 17.0))
    assert clustered("a1 a2 b1 c1", *pairs) == {"a1 b1", "a2 c1"}


def test_a_provider_that_may_repeat_has_a_person_twice() -> None:
    pairs = (("a1", "b1", 19.0), ("a2", "b1", 18.0), ("a2", "b2", 17.0))
    assert clustered("a1 a2 b1 b2", *pairs, repeating={"a"}) == {"a1 a2 b1", "b2"}


def test_each_level_takes_its_pairs_and_those_of_the_levels_before() -> None:
    pairs = (("a1", "b1", 25.0), ("b1", "c1", 12.0), ("c1", "d1", 5.0))
    found = [clustered("a1 b1 c1 d1", *pairs, level=level) for level in Level]
    assert found == [{"a1 b1", "c1", "d1"}, {"a1 b1 c1", "d1"}, {"a1 b1 c1 d1"}]


def test_a_strict_pair_comes_before_a_heavier_one_of_another_level() -> None:
    """Weights of two pairs of providers are of two models: the level compares them."""
    records = records_of(["a1", "a2", "b1"])
    pairs = pairs_of(records, ("a1", "b1", 30.0), ("a2", "b1", 25.0))
    pairs.level[:] = [Level.PRIMARY, Level.STRICT]
    found = nested_clusters(records, pairs)
    assert groups(records, found.labels[Level.PRIMARY].tolist()) == {
        frozenset({"a2", "b1"}),
        frozenset({"a1"}),
    }


# --- contradictions


def test_a_record_without_a_number_does_not_bring_two_numbers_together() -> None:
    nhs = {"a1": 1, "b1": None, "c1": 2}
    assert clustered("a1 b1 c1", ("a1", "b1", 19.0), ("b1", "c1", 15.0), nhs=nhs) == {"a1 b1", "c1"}


def test_a_pair_that_was_weighed_with_its_two_numbers_stands_and_is_counted() -> None:
    records = records_of(["a1", "b1", "c1"], {"a1": 1, "b1": 2, "c1": 2}, {"a1": 7, "b1": 7, "c1": 8})
    found = nested_clusters(records, pairs_of(records, ("a1", "b1", 19.0), ("b1", "c1", 25.0)))
    assert groups(records, found.labels[Level.PRIMARY].tolist()) == {frozenset({"a1", "b1", "c1"})}
    counted = contradictions(records, found.labels[Level.PRIMARY])
    assert (counted.nhs_numbers, counted.dates_of_birth, found.kept_apart) == (1, 1, 0)


def test_pairs_that_numbers_keep_apart_are_counted_at_the_primary_threshold() -> None:
    records = records_of(["a1", "b1", "c1", "d1"], {"a1": 1, "c1": 2, "d1": 3})
    pairs = pairs_of(records, ("a1", "b1", 19.0), ("b1", "c1", 15.0), ("b1", "d1", 5.0))
    assert nested_clusters(records, pairs).kept_apart == 1


def test_absent_tokens_contradict_nobody() -> None:
    records = records_of(["a1", "b1"])
    found = nested_clusters(records, pairs_of(records, ("a1", "b1", 25.0)))
    counted = contradictions(records, found.labels[Level.PRIMARY])
    assert (counted.nhs_numbers, counted.dates_of_birth) == (0, 0)


# --- properties


def test_the_order_of_equal_pairs_does_not_matter() -> None:
    pairs = [("a1", "b1", 11.0), ("a2", "b1", 11.0), ("a1", "b2", 11.0), ("a2", "b2", 11.0)]
    assert len({frozenset(clustered("a1 a2 b1 b2", *order)) for order in permutations(pairs)}) == 1


KEYS = [f"{provider}{n}" for provider in "xyz" for n in range(4)]
PAIRS = st.lists(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS), st.sampled_from([5.0, 6.0, 11.0, 12.0, 22.0]))
)
NUMBERS = st.fixed_dictionaries({}, optional={key: st.integers(1, 3) for key in KEYS})


@given(PAIRS, NUMBERS, st.sampled_from([(), ("x",)]))
def test_strict_clusters_lie_within_primary_ones_within_lenient_ones(
    pairs: list[tuple[str, str, float]], nhs: dict[str, int], repeating: tuple[str, ...]
) -> None:
    records = records_of(KEYS, nhs)
    found = nested_clusters(records, pairs_of(records, *pairs), repeating=repeating)
    strict, primary, lenient = (groups(records, found.labels[level].tolist()) for level in Level)
    for finer, coarser in ((strict, primary), (primary, lenient)):
        assert all(any(group <= other for other in coarser) for group in finer)
    for clusters in (strict, primary, lenient):
        assert sorted(key for group in clusters for key in group) == sorted(KEYS)
        for group in clusters:
            once = [key[0] for key in group if key[0] not in repeating]
            assert len(once) == len(set(once))


@pytest.mark.parametrize("keys", [[], ["a1"]])
def test_no_pairs_make_no_links(keys: list[str]) -> None:
    records = records_of(keys)
    found = nested_clusters(records, pairs_of(records))
    assert all(
        groups(records, labels.tolist()) == {frozenset({k}) for k in keys} for labels in found.labels.values()
    )
