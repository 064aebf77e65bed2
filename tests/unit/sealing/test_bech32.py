"""Bech32 as age uses it: strict, in one case, of any length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.sealing import bech32
from linkage_engine.sealing.bech32 import decode, encode

PREFIXES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20).map(str.lower)


@given(prefix=PREFIXES, data=st.binary(max_size=1300))
def test_decoding_an_encoded_text_gives_back_its_parts(prefix: str, data: bytes) -> None:
    assert decode(encode(prefix, data)) == (prefix, data)


@given(data=st.binary(max_size=100), position=st.integers(min_value=0), letter=st.sampled_from("qpzry9x8"))
def test_one_changed_character_is_noticed(data: bytes, position: int, letter: str) -> None:
    text = encode("age1pq", data)
    position = 7 + position % (len(text) - 7)
    changed = text[:position] + letter + text[position + 1 :]
    assert changed == text or decode(changed) is None


def test_the_case_of_a_text_is_kept_in_its_prefix() -> None:
    assert decode(encode("KEY-", b"seed").upper()) == ("KEY-", b"seed")


# "Valid" strings of BIP-173.
@pytest.mark.parametrize(
    ("text", "prefix", "size_bytes"),
    [
        ("A12UEL5L", "A", 0),
        ("a12uel5l", "a", 0),
        ("?1ezyfcl", "?", 0),
        ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", 20),
        ("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split", 30),
    ],
)
def test_published_texts_are_read(text: str, prefix: str, size_bytes: int) -> None:
    decoded = decode(text)
    assert decoded is not None
    assert (decoded[0], len(decoded[1])) == (prefix, size_bytes)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "nothing"),
        ("pzry9x0s0muk", "no separator"),
        ("1pzry9x0s0muk", "empty prefix"),
        ("x1b4n0q5v", "a character outside the alphabet"),
        ("li1dgmt3", "checksum too short"),
        ("A1G7SGD8", "checksum of another prefix"),
        ("10a06t8", "empty prefix"),
        ("a12UEL5L", "mixed case"),
        ("é12uel5l", "not ASCII"),
        (encode("a", b"x").replace("1", "1q", 1), "checksum fails"),
    ],
)
def test_a_text_that_is_not_strict_is_not_read(text: str, fault: str) -> None:
    assert decode(text) is None


@pytest.mark.parametrize(("digits", "fault"), [("q", "five bits left over"), ("ql", "left-over bits set")])
def test_padding_that_is_long_or_set_is_not_read(digits: str, fault: str) -> None:
    values = [bech32._CHARACTERS.index(digit) for digit in digits]
    checksum = "".join(bech32._CHARACTERS[value] for value in bech32._checksum("a", values))
    assert decode(f"a1{digits}{checksum}") is None
    assert decode(f"a1qq{bech32.encode('a', bytes(1))[-6:]}") == ("a", bytes(1))
