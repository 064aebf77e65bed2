from __future__ import annotations

import numpy as np

from linkage_engine.laboratory.reidentification.places import named_postcodes
from linkage_engine.laboratory.reidentification.seen import Codes, Seen
from linkage_engine.laboratory.reidentification.wanted import Known, PublicTables

SIZES = np.array([9, 5, 2, 30, 12, 7, 3, 3])
SECTORS = np.array([0, 0, 0, 1, 1, 2, 2, 2])
"""Eight postcodes of three sectors, of so many people each."""
TRUE = np.repeat(np.arange(8), SIZES)


def _seen(*, with_sectors: bool = True) -> Seen:
    tokens = np.array([4, 2, 7, 0, 1, 3, 6, 5])[TRUE]
    sectors = np.array([2, 0, 1])[SECTORS[TRUE]]
    return Seen(len(TRUE), {"postcode": tokens} | ({"sector": sectors} if with_sectors else {}), {}, {}, {})


def _known(*rows: int) -> Known:
    at = np.array(rows, dtype=np.int64)
    return Known(at, {"postcode": TRUE[at]}, np.zeros(len(at), dtype=np.int64))


PUBLIC = PublicTables({}, {"postcode": SIZES / SIZES.sum()}, np.zeros((0, 0)), {}, SECTORS)


def _right(found: Codes) -> set[int]:
    return set(TRUE[found == TRUE])


def test_sizes_of_sectors_and_their_postcodes_name_them() -> None:
    assert _right(named_postcodes(_seen(), _known(), PUBLIC)) >= {0, 1, 2, 3, 4, 5}


def test_without_tables_a_known_person_names_their_own_postcode_alone() -> None:
    found = named_postcodes(_seen(), _known(0), None)
    assert _right(found) == {0}
    assert (found[TRUE != 0] == -1).all()


def test_without_sectors_or_postcodes_nothing_else_is_named() -> None:
    assert _right(named_postcodes(_seen(with_sectors=False), _known(0), PUBLIC)) == {0}
    assert (named_postcodes(Seen(2, {}, {}, {}, {}), _known(), PUBLIC) == -1).all()
