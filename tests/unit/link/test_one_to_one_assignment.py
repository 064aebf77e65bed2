from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.link.assignment import one_to_one

EDGES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(6, 11), st.integers(0, 3)), unique_by=lambda edge: edge[:2]
)


def arrays(edges: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, right, weight = (np.array([e[i] for e in edges], dtype=np.int64) for i in range(3))
    return left, right, weight.astype(np.float64)


def test_the_heaviest_pair_is_kept_and_the_left_over_records_may_still_meet() -> None:
    assert one_to_one(*arrays([(0, 6, 3), (0, 7, 2), (1, 6, 2), (1, 7, 1)])).tolist() == [0, 3]


@given(EDGES)
def test_no_record_is_linked_twice_and_no_pair_of_free_records_is_left(
    edges: list[tuple[int, int, int]],
) -> None:
    kept = [edges[place] for place in one_to_one(*arrays(edges)).tolist()]
    left, right = {e[0] for e in kept}, {e[1] for e in kept}
    assert len(left) == len(right) == len(kept)
    assert all(e[0] in left or e[1] in right for e in edges)


@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter(
    edges: list[tuple[int, int, int]], random: st.DataObject
) -> None:
    shuffled = list(edges)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # the strategy gives a random.Random
    kept = {edges[place] for place in one_to_one(*arrays(edges)).tolist()}
    assert kept == {shuffled[place] for place in one_to_one(*arrays(shuffled)).tolist()}
