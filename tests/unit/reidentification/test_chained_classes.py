from __future__ import annotations

import numpy as np

from linkage_engine.laboratory.reidentification.classes import (
    both,
    chained,
    looked_up,
    most_voted,
    renumbered,
)


def test_records_are_one_class_when_tokens_of_any_column_chain_them() -> None:
    first, second = np.array([0, 0, 1, 2, -1]), np.array([-1, 5, 5, -1, -1])
    labels = chained(5, [first, second])
    assert labels[0] == labels[1] == labels[2]
    assert len({labels[0], labels[3], labels[4]}) == 3


def test_lists_chain_by_any_place() -> None:
    labels = chained(3, [np.array([[1, 2], [2, -1], [3, -1]])])
    assert labels[0] == labels[1] != labels[2]


def test_without_tokens_everybody_is_alone() -> None:
    assert chained(3, []).tolist() == [0, 1, 2]


def test_the_largest_class_comes_first_and_none_stays() -> None:
    assert renumbered(np.array([7, -1, 3, 3])).tolist() == [1, -1, 0, 0]


def test_a_class_has_the_commonest_vote_of_its_voters() -> None:
    voters, votes = np.array([0, 0, 0, 1, 2, -1]), np.array([4, 5, 5, -1, 6, 6])
    assert most_voted(voters, votes, size=4).tolist() == [
        -1 if at in {1, 3} else (5, 0, 6)[at] for at in range(4)
    ]


def test_codes_are_joined_and_looked_up_where_both_are_there() -> None:
    joined = both(np.array([0, 0, -1, 1]), np.array([0, 1, 1, -1]))
    assert (joined[2:] == -1).all()
    assert joined[0] != joined[1]
    assert looked_up(np.array([9, 8]), np.array([1, -1])).tolist() == [8, -1]
    assert looked_up(np.array([], dtype=np.int64), np.array([-1])).tolist() == [-1]
