from __future__ import annotations

import numpy as np

from linkage_engine.laboratory.reidentification.lists import name_tokens, sound_tokens, spelling_counts
from linkage_engine.laboratory.reidentification.seen import Codes, Seen


def _seen(scalars: dict[str, Codes], lists: dict[str, Codes], lengths: Codes | None = None) -> Seen:
    rows = len(next(iter(lists.values())))
    full = {name: np.full(rows, codes.shape[1]) for name, codes in lists.items()}
    return Seen(rows, scalars, lists, full if lengths is None else dict.fromkeys(lists, lengths), {})


def test_two_records_of_one_name_and_date_share_as_many_tokens_as_the_name_has_spellings() -> None:
    """Random padding does not hide it: the padding is what they do not share."""
    lists = {"near_family_dob": np.array([[1, 2, 3, -1], [1, 2, 3, -1], [4, 5, -1, -1], [4, 5, -1, -1]])}
    found = _seen({"family_dob": np.array([0, 0, 1, 1])}, lists)
    rows, counts = spelling_counts(found, "family_name")
    assert (rows.tolist(), counts.tolist()) == ([0, 2], [3, 2])


def test_counts_that_are_all_alike_tell_nothing() -> None:
    lists = {"near_family_dob": np.array([[1, 2], [1, 2], [4, 5], [4, 5]])}
    rows, _ = spelling_counts(_seen({"family_dob": np.array([0, 0, 1, 1])}, lists), "family_name")
    assert rows.size == 0


def test_lists_that_differ_in_length_tell_it_of_every_record() -> None:
    lists = {"near_family_dob": np.full((3, 4), -1)}
    rows, counts = spelling_counts(_seen({}, lists, np.array([4, 2, 2])), "family_name")
    assert (rows.tolist(), counts.tolist()) == ([0, 1, 2], [4, 2, 2])


def test_tokens_of_addresses_and_family_names_are_told_by_households() -> None:
    """Ten households of two at ten sectors share token 0; token 1 is in one of each, all of one sex."""
    rows = np.arange(20)
    tokens = np.stack([np.zeros(20, dtype=np.int64), np.where(rows % 2 == 0, 1, -1)], axis=1)
    scalars = {
        "dob": rows,
        "sector": rows // 2,
        "sex": rows % 2,
        "family_postcode": rows // 2,
    }
    found = name_tokens(_seen(scalars, {"near_address": tokens}))
    assert (found["family_name"][:, 0] == 0).all()
    assert (found["family_name"][:, 1] == -1).all()
    assert (found["given_name"][::2, 1] == 1).all()
    assert (found["given_name"][:, 0] == -1).all()


def test_tokens_of_an_address_and_a_sector_are_not_of_a_name() -> None:
    rows = np.arange(20)
    scalars = {"dob": rows, "sector": rows * 0, "sex": rows % 2, "family_postcode": rows // 2}
    found = name_tokens(_seen(scalars, {"near_address": np.zeros((20, 1), dtype=np.int64)}))
    assert all((codes == -1).all() for codes in found.values())
    assert name_tokens(_seen({}, {"near_address": np.zeros((2, 1), dtype=np.int64)})) == {}


def test_blocking_tokens_of_sounds_and_year_are_told_by_what_their_records_share() -> None:
    apart = ("dob", "dob_month_day", "dob_year_month", "dob_year_day", "sector", "postcode")
    scalars = {name: np.arange(4) for name in apart} | {"birth_year": np.array([7, 7, 8, 9])}
    scalars["postcode"] = scalars["sector"] = np.array([0, 1, 2, 2])
    found = sound_tokens(_seen(scalars, {"blocking": np.array([[0], [0], [1], [1]])}))
    assert found is not None
    assert found[:, 0].tolist() == [0, 0, -1, -1]
    assert sound_tokens(_seen({}, {"near_address": np.zeros((2, 1), dtype=np.int64)})) is None
