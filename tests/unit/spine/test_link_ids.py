from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.spine.clusters import Cluster, RecordId
from linkage_engine.spine.link_ids import CROSSWALK, assign_link_ids, empty_crosswalk

A1, A2 = RecordId("registry", "a1"), RecordId("registry", "a2")
B1, B2 = RecordId("practice", "b1"), RecordId("practice", "b2")
C1 = RecordId("council", "c1")


def numbered() -> Callable[[int], bytes]:
    """Bytes that count up, so that ids can be told."""
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


def ids(crosswalk: pa.Table) -> dict[str, str]:
    return dict(zip(crosswalk["person_key"].to_pylist(), crosswalk["link_id"].to_pylist(), strict=True))


def test_every_cluster_has_a_link_id_of_32_hex_digits_also_when_it_is_one_record() -> None:
    assigned = assign_link_ids(empty_crosswalk(), ((A1, B1), (A2,)), numbered())
    found = ids(assigned.crosswalk)
    assert assigned.crosswalk.schema == CROSSWALK
    assert found["a1"] == found["b1"] != found["a2"]
    assert all(len(link_id) == 32 for link_id in found.values())
    assert (assigned.kept, assigned.made, assigned.merged, assigned.split) == (0, 2, 0, 0)


def test_the_crosswalk_is_sorted_by_provider_and_key() -> None:
    rows = assign_link_ids(empty_crosswalk(), ((A2,), (B2, A1)), numbered()).crosswalk.to_pylist()
    assert [(row["provider_id"], row["person_key"]) for row in rows] == [
        ("practice", "b2"),
        ("registry", "a1"),
        ("registry", "a2"),
    ]


def test_a_record_that_joins_takes_the_id_that_was_there() -> None:
    random = numbered()
    before = assign_link_ids(empty_crosswalk(), ((A1, B1), (A2,)), random).crosswalk
    after = assign_link_ids(before, ((A1, B1, C1), (A2, B2)), random)
    assert ids(after.crosswalk)["c1"] == ids(before)["a1"]
    assert ids(after.crosswalk)["b2"] == ids(before)["a2"]
    assert (after.kept, after.made) == (2, 0)


def test_merged_clusters_keep_the_id_of_most_records_and_the_merge_is_counted() -> None:
    random = numbered()
    before = assign_link_ids(empty_crosswalk(), ((A1, B1), (C1,)), random).crosswalk
    after = assign_link_ids(before, ((A1, B1, C1),), random)
    assert set(ids(after.crosswalk).values()) == {ids(before)["a1"]}
    assert (after.kept, after.merged) == (1, 1)


def test_a_split_cluster_leaves_the_id_to_the_larger_part_and_the_split_is_counted() -> None:
    random = numbered()
    before = assign_link_ids(empty_crosswalk(), ((A1, B1, C1),), random).crosswalk
    after = assign_link_ids(before, ((A1, B1), (C1,)), random)
    assert ids(after.crosswalk)["a1"] == ids(before)["a1"] != ids(after.crosswalk)["c1"]
    assert (after.kept, after.made, after.split) == (1, 1, 1)


def test_an_id_that_randomness_repeats_is_not_given_again() -> None:
    before = assign_link_ids(empty_crosswalk(), ((A1,),), numbered()).crosswalk
    after = assign_link_ids(before, ((A1,), (A2,)), numbered())
    assert len(set(ids(after.crosswalk).values())) == 2


def test_no_clusters_make_an_empty_crosswalk() -> None:
    assert assign_link_ids(empty_crosswalk(), (), numbered()).crosswalk.equals(empty_crosswalk())


RECORDS = [RecordId(provider, f"{provider}{n}") for provider in "xyz" for n in range(3)]


def _clustered(labels: list[int]) -> tuple[Cluster, ...]:
    groups: dict[int, list[RecordId]] = {}
    for record, label in zip(RECORDS, labels, strict=True):
        groups.setdefault(label, []).append(record)
    return tuple(sorted(tuple(group) for group in groups.values()))


LABELS = st.lists(st.integers(0, 4), min_size=len(RECORDS), max_size=len(RECORDS))


@given(LABELS, LABELS)
def test_one_id_is_one_cluster_before_and_after(first: list[int], second: list[int]) -> None:
    random = numbered()
    before = assign_link_ids(empty_crosswalk(), _clustered(first), random).crosswalk
    clusters = _clustered(second)
    after = assign_link_ids(before, clusters, random)
    found = ids(after.crosswalk)
    assert all(len({found[r.person_key] for r in cluster}) == 1 for cluster in clusters)
    assert len(set(found.values())) == len(clusters) == after.kept + after.made
    assert assign_link_ids(after.crosswalk, clusters, random).crosswalk.equals(after.crosswalk)
