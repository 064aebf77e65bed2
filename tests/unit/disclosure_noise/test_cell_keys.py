"""Record keys and cell keys: secret, the same for ever, and added up."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.disclosure.cellkey.keys import cell_keys, record_keys, scattered

SECRET = bytes(range(32))


def hmac_by_hand(key: bytes, text: bytes) -> bytes:
    """RFC 2104, section 2."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + text).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def test_a_record_key_is_four_bytes_of_the_hmac_of_its_block() -> None:
    second_block = hmac_by_hand(SECRET, b"tre-linkage record keys v1\0" + (1).to_bytes(8, "big"))
    assert record_keys(SECRET, 11)[8:].tolist() == [
        int.from_bytes(second_block[start : start + 4], "big") for start in (0, 4, 8)
    ]


def test_a_person_keeps_their_key_when_others_come() -> None:
    assert (record_keys(SECRET, 1000)[:13] == record_keys(SECRET, 13)).all()
    assert record_keys(SECRET, 0).size == 0


def test_another_secret_gives_other_keys() -> None:
    assert (record_keys(SECRET, 100) != record_keys(bytes(32), 100)).all()


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(33)])
def test_a_secret_of_another_length_is_refused(secret: bytes) -> None:
    with pytest.raises(EngineRefusal) as refusal:
        record_keys(secret, 1)
    assert refusal.value.code is RefusalCode.KEY_INVALID


def test_a_cell_key_is_the_sum_of_its_people_and_nobody_has_none() -> None:
    keys = np.array([2**32 - 1, 2**32 - 1, 5], dtype=np.uint64)
    people = [np.array(each, dtype=np.int32) for each in ([], [2], [0, 1], [0, 1, 2])]
    assert cell_keys(keys, people).tolist() == [0, 5, 2**33 - 2, 2**33 + 3]


def test_record_keys_are_spread_evenly() -> None:
    """Of 64,000 keys in 64 equal ranges: chi-squared of 63 degrees of freedom stays under 150."""
    found = np.bincount((record_keys(SECRET, 64_000) >> np.uint64(26)).astype(np.int64), minlength=64)
    assert ((found - 1000) ** 2 / 1000).sum() < 150


def test_scattered_keys_are_those_of_the_published_finaliser() -> None:
    """Python's whole numbers of any length, modulo 2 to the 32."""

    def by_hand(key: int) -> int:
        key ^= key >> 16
        key = key * 0x85EBCA6B % 2**32
        key ^= key >> 13
        key = key * 0xC2B2AE35 % 2**32
        return key ^ (key >> 16)

    keys = [0, 1, 2**31, 2**32 - 1, 123_456_789, *range(10**6, 10**6 + 1000)]
    found = scattered(np.array(keys, dtype=np.uint64) + np.uint64(2**40)).tolist()
    assert found == [by_hand(key) for key in keys]
    assert len(set(found)) == len(keys)
