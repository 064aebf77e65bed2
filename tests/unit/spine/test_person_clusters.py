from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.spine.clusters import LinkedPair, RecordId, clusters

A1, A2 = RecordId("registry", "a1"), RecordId("registry", "a2")
B1, B2 = RecordId("practice", "b1"), RecordId("practice", "b2")
C1 = RecordId("council", "c1")


def test_linked_records_are_one_cluster_and_the_others_are_alone() -> None:
    found = clusters([A1, A2, B1, C1], [LinkedPair(A1, B1, 9.0), LinkedPair(B1, C1, 5.0)])
    assert found == ((C1, B1, A1), (A2,))


def test_the_heavier_pair_wins_where_two_records_of_a_provider_compete() -> None:
    assert clusters([A1, A2, B1], [LinkedPair(A1, B1, 3.0), LinkedPair(A2, B1, 4.0)]) == ((B1, A2), (A1,))


def test_a_third_provider_never_brings_two_records_of_one_provider_together() -> None:
    pairs = [LinkedPair(A1, B1, 9.0), LinkedPair(A2, C1, 8.0), LinkedPair(B1, C1, 7.0)]
    assert clusters([A1, A2, B1, C1], pairs) == ((C1, A2), (B1, A1))


def test_the_order_of_equal_pairs_does_not_matter() -> None:
    pairs = [
        LinkedPair(A1, B1, 1.0),
        LinkedPair(A2, B1, 1.0),
        LinkedPair(B2, A1, 1.0),
        LinkedPair(A2, B2, 1.0),
    ]
    assert len({clusters([B2, A2, A1, B1], order) for order in permutations(pairs)}) == 1


def test_a_pair_of_an_unknown_record_is_ignored() -> None:
    assert clusters([A1], [LinkedPair(A1, B1, 9.0)]) == ((A1,),)


RECORDS = [RecordId(provider, f"{provider}{n}") for provider in "xyz" for n in range(4)]
PAIRS = st.lists(
    st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS), st.integers(0, 5)).map(
        lambda t: LinkedPair(t[0], t[1], float(t[2]))
    )
)


@given(PAIRS)
def test_every_record_is_in_one_cluster_and_no_cluster_has_two_of_a_provider(pairs: list[LinkedPair]) -> None:
    found = clusters(RECORDS, pairs)
    assert sorted(record for cluster in found for record in cluster) == sorted(RECORDS)
    assert all(len({r.provider_id for r in cluster}) == len(cluster) for cluster in found)
    assert found == tuple(sorted(found))


@pytest.mark.parametrize("records", [[], [A1]])
def test_no_pairs_make_no_links(records: list[RecordId]) -> None:
    assert clusters(records, []) == tuple((record,) for record in records)
