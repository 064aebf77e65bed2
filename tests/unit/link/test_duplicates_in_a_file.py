from __future__ import annotations

import numpy as np

from linkage_engine.link.competition import Sides, judged
from linkage_engine.link.duplicates import duplicates
from linkage_engine.link.matching import Edges

RECORDS, PRIOR = 2_000, -11.0
# Of 2,000 records one pair in 1,999,000: 20.9 bits, and 6.6 for odds of 100 to 1.
SURE = 20.9 + 6.6 + PRIOR


def found(pairs: list[tuple[int, int, float]]) -> list[bool]:
    left, right = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in range(2))
    weight = np.array([pair[2] for pair in pairs])
    return [bool(it) for it in duplicates(left, right, weight, records=RECORDS, prior=PRIOR)]


def test_only_what_is_nearly_certain_is_a_duplicate_in_a_file_that_has_few() -> None:
    assert found([(0, 1, SURE + 0.2), (2, 3, SURE - 0.2)]) == [True, False]


def test_where_duplicates_are_the_custom_fainter_ones_are_expected() -> None:
    many = [(2 * n, 2 * n + 1, SURE + 5) for n in range(100)]
    # A hundred of them are 6.6 bits: also those of a third record of one person.
    assert found([*many, (300, 301, SURE - 5), (302, 303, SURE - 8), (0, 301, SURE - 5)])[-3:] == [
        True,
        False,
        True,
    ]


def test_duplicates_are_no_decoys_and_their_records_may_still_be_linked() -> None:
    left, right = np.array([0, 0, 2]), np.array([1, 2_000, 3])
    edges = Edges(left, right, np.array([60.0, 40.0, 5.0]))
    seen = judged(edges, Sides(RECORDS, RECORDS, PRIOR))
    assert seen.duplicates.tolist() == [True, False, False]
    assert seen.best.tolist() == [False, True, True]


def test_a_file_without_pairs_has_no_duplicates() -> None:
    assert found([]) == []
