"""The header's grammar: what is written is read back, and nothing looser is."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.refusals import CannotUnseal, RefusalCode
from linkage_engine.sealing.header import (
    HEADER_LIMIT_BYTES,
    Stanza,
    from_base64,
    header_mac,
    read_header,
    to_base64,
    write_header,
)

FILE_KEY = bytes(range(16))
ARGUMENTS = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80),
    min_size=1,
    max_size=3,
)
STANZAS = st.builds(
    lambda arguments, body: Stanza(("type-" + arguments[0], *arguments[1:]), body),
    ARGUMENTS,
    st.one_of(st.binary(max_size=150), st.sampled_from([bytes(48), bytes(96)])),
)
VERSION = b"age-encryption.org/v1\n"
MAC_LINE = b"--- " + b"A" * 43 + b"\n"


@given(stanzas=st.lists(STANZAS, min_size=1, max_size=4), rest=st.binary(max_size=20))
def test_a_written_header_is_read_back_and_no_byte_more(stanzas: list[Stanza], rest: bytes) -> None:
    source = io.BytesIO(write_header(stanzas, FILE_KEY) + rest)
    header = read_header(source)
    assert header.stanzas == tuple(stanzas)
    assert header.mac == header_mac(FILE_KEY, header.covered)
    assert source.read() == rest


@pytest.mark.parametrize(
    "text", [b"", b"age-encryption.org/v2\n", b"PAR1", VERSION[:-1], VERSION[:-1] + b"\r\n"]
)
def test_a_file_without_the_version_line_is_no_age_file(text: bytes) -> None:
    with pytest.raises(CannotUnseal) as refused:
        read_header(io.BytesIO(text))
    assert refused.value.code is RefusalCode.NOT_AN_AGE_FILE


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (b"", "nothing follows"),
        (MAC_LINE, "no stanza"),
        (b"-> \n\n" + MAC_LINE, "an empty argument"),
        (b"->a\n\n" + MAC_LINE, "no space"),
        (b"-> a  b\n\n" + MAC_LINE, "two spaces"),
        (b"-> a\x7f\n\n" + MAC_LINE, "a control character"),
        (b"-> a\n" + MAC_LINE, "no body"),
        (b"-> a\n" + b"A" * 64 + b"\n" + MAC_LINE, "a body without a short last line"),
        (b"-> a\n" + b"A" * 68 + b"\n\n" + MAC_LINE, "a long line"),
        (b"-> a\nAB\n" + MAC_LINE, "base64 with bits to spare set"),
        (b"-> a\nAA==\n" + MAC_LINE, "padding"),
        (b"-> a\nA\n" + MAC_LINE, "base64 of no whole byte"),
        (b"-> a\nA-_A\n" + MAC_LINE, "the other base64 alphabet"),
        (b"-> scrypt a 1\nAA\n-> b\nAA\n" + MAC_LINE, "a passphrase with company"),
        (b"-> a\nAA\n---\n", "no MAC"),
        (b"-> a\nAA\n--- " + b"A" * 42 + b"\n", "a short MAC"),
        (b"-> a\nAA\n" + MAC_LINE[:-1], "cut in the MAC"),
        (b"-> a\nAA\nsomething\n" + MAC_LINE, "a line of no kind"),
    ],
)
def test_a_header_outside_the_grammar_is_damaged(lines: bytes, fault: str) -> None:
    with pytest.raises(CannotUnseal) as refused:
        read_header(io.BytesIO(VERSION + lines))
    assert refused.value.code is RefusalCode.SEALED_FILE_DAMAGED


def test_a_header_without_end_is_given_up_at_the_limit() -> None:
    source = io.BytesIO(VERSION + b"-> a\n" + (b"A" * 64 + b"\n") * (HEADER_LIMIT_BYTES // 60))
    with pytest.raises(CannotUnseal) as refused:
        read_header(source)
    assert refused.value.code is RefusalCode.SEALED_FILE_DAMAGED
    assert source.tell() <= HEADER_LIMIT_BYTES


@given(data=st.binary(max_size=100))
def test_base64_is_read_back(data: bytes) -> None:
    assert from_base64(to_base64(data).encode()) == data
