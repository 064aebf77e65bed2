"""Unsealing: seal and unseal are inverse, and whatever was changed is refused with a code."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkage_engine.contract.refusals import CannotUnseal, RefusalCode
from linkage_engine.sealing.header import Stanza, to_base64, write_header
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.sealing.stream import CHUNK_BYTES, NONCE_BYTES, TAG_BYTES, chunk_nonce, payload_cipher
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal, unseal_bytes, unseal_to_memory

FILE_KEY, NONCE = bytes(range(16)), bytes(range(16, 32))
OURS, OTHER = Identity(bytes(32)), Identity(bytes(31) + b"\1")
SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES


def counted_random() -> Callable[[int], bytes]:
    calls = itertools.count()
    return lambda size: hashlib.shake_256(b"%d" % next(calls)).digest(size)


def sealed_to_us(plaintext: bytes) -> bytes:
    return seal_bytes(plaintext, recipients=[OURS.recipient], random=counted_random())


def refusal(sealed: bytes, *identities: Identity, limit_bytes: int | None = None) -> RefusalCode:
    with pytest.raises(CannotUnseal) as refused:
        unseal_bytes(sealed, identities=identities or [OURS], limit_bytes=limit_bytes)
    return refused.value.code


def file_of(*chunks: bytes, last: int | None = -1) -> bytes:
    """A file with our header and chunks as given, the one at `last` marked as the last."""
    cipher = payload_cipher(FILE_KEY, NONCE)
    marked = None if last is None else last % len(chunks)
    sealed = [cipher.encrypt(chunk_nonce(n, is_last=n == marked), c, None) for n, c in enumerate(chunks)]
    return write_header([OURS.recipient.wrap(FILE_KEY)], FILE_KEY) + NONCE + b"".join(sealed)


BORDERS = st.one_of(
    st.integers(0, 40),
    st.builds(
        lambda chunks, by: max(0, chunks * CHUNK_BYTES + by),
        st.integers(1, 4),
        st.integers(-TAG_BYTES, TAG_BYTES),
    ),
)


@given(size=BORDERS)
@example(size=CHUNK_BYTES)
@example(size=CHUNK_BYTES + 1)
@example(size=2 * CHUNK_BYTES)
def test_what_was_sealed_is_unsealed(size: int) -> None:
    plaintext = hashlib.shake_256(b"text").digest(size)
    assert unseal_bytes(sealed_to_us(plaintext), identities=[OURS]) == plaintext


SMALL = sealed_to_us(b"a short text")
TWO_CHUNKS = sealed_to_us(bytes(CHUNK_BYTES + 100))


@given(bit=st.integers(0, 8 * len(SMALL) - 1))
def test_one_flipped_bit_anywhere_is_refused(bit: int) -> None:
    changed = bytearray(SMALL)
    changed[bit // 8] ^= 1 << bit % 8
    refusal(bytes(changed))


@given(bit=st.integers(0, 8 * len(TWO_CHUNKS) - 1))
def test_one_flipped_bit_in_a_longer_file_is_refused(bit: int) -> None:
    changed = bytearray(TWO_CHUNKS)
    changed[bit // 8] ^= 1 << bit % 8
    refusal(bytes(changed))


def test_a_file_cut_at_any_byte_is_refused() -> None:
    assert {refusal(SMALL[:end]) for end in range(len(SMALL))} == {
        RefusalCode.NOT_AN_AGE_FILE,
        RefusalCode.SEALED_FILE_DAMAGED,
    }


@given(end=st.integers(len(TWO_CHUNKS) - SEALED_CHUNK - 200, len(TWO_CHUNKS) - 1))
@example(end=len(TWO_CHUNKS) - 100 - TAG_BYTES)
def test_a_longer_file_cut_in_its_payload_is_damaged(end: int) -> None:
    assert refusal(TWO_CHUNKS[:end]) is RefusalCode.SEALED_FILE_DAMAGED


@given(extra=st.binary(min_size=1, max_size=40))
def test_a_file_with_bytes_behind_its_end_is_damaged(extra: bytes) -> None:
    assert refusal(SMALL + extra) is RefusalCode.SEALED_FILE_DAMAGED


FULL = bytes(CHUNK_BYTES)


@pytest.mark.parametrize(
    ("sealed", "fault"),
    [
        (file_of(FULL, b"x", last=None), "no chunk marked last"),
        (file_of(FULL, b"x", last=0), "the first of two marked last"),
        (file_of(FULL, b""), "an empty last chunk after a full one"),
        (file_of(b"short", b"x"), "a short chunk in the middle"),
    ],
)
def test_chunks_out_of_the_protocol_are_damaged(sealed: bytes, fault: str) -> None:
    assert refusal(sealed) is RefusalCode.SEALED_FILE_DAMAGED


def test_chunks_in_another_order_are_damaged() -> None:
    sealed = file_of(FULL, b"\1" * CHUNK_BYTES, b"end")
    start = sealed.index(NONCE) + NONCE_BYTES
    first, second = (
        sealed[start : start + SEALED_CHUNK],
        sealed[start + SEALED_CHUNK : start + 2 * SEALED_CHUNK],
    )
    swapped = sealed[:start] + second + first + sealed[start + 2 * SEALED_CHUNK :]
    assert refusal(swapped) is RefusalCode.SEALED_FILE_DAMAGED


@pytest.mark.parametrize(
    "stanza",
    [
        Stanza(("mlkem768x25519",), bytes(32)),
        Stanza(("mlkem768x25519", to_base64(bytes(1120)), "more"), bytes(32)),
        Stanza(("mlkem768x25519", to_base64(bytes(1119))), bytes(32)),
        Stanza(("mlkem768x25519", to_base64(bytes(1120)) + "="), bytes(32)),
        Stanza(("mlkem768x25519", to_base64(bytes(1120))), bytes(33)),
    ],
    ids=["no encapsulation", "three arguments", "short", "padded", "long body"],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_misshapen_stanza_of_our_type_is_refused_beside_a_good_one(stanza: Stanza, is_first: bool) -> None:  # noqa: FBT001 (a parameter of the table)
    good = OURS.recipient.wrap(FILE_KEY)
    stanzas = [stanza, good] if is_first else [good, stanza]
    sealed = write_header(stanzas, FILE_KEY) + file_of(b"text")[len(write_header([good], FILE_KEY)) :]
    assert refusal(sealed) is RefusalCode.SEALED_FILE_DAMAGED


def test_stanzas_of_other_types_are_passed_over() -> None:
    stanzas = [Stanza(("grease", "x"), b"whatever"), OURS.recipient.wrap(FILE_KEY)]
    payload = payload_cipher(FILE_KEY, NONCE).encrypt(chunk_nonce(0, is_last=True), b"text", None)
    sealed = write_header(stanzas, FILE_KEY) + NONCE + payload
    assert unseal_bytes(sealed, identities=[OURS]) == b"text"


def test_a_header_under_another_mac_key_is_damaged() -> None:
    sealed = write_header([OURS.recipient.wrap(FILE_KEY)], NONCE) + NONCE + bytes(TAG_BYTES)
    assert refusal(sealed) is RefusalCode.SEALED_FILE_DAMAGED


def test_a_file_for_somebody_else_is_told_from_a_damaged_one() -> None:
    assert refusal(SMALL, OTHER) is RefusalCode.SEALED_TO_ANOTHER_KEY


def test_without_an_identity_every_file_is_for_somebody_else() -> None:
    with pytest.raises(CannotUnseal) as refused:
        unseal_bytes(SMALL, identities=[])
    assert refused.value.code is RefusalCode.SEALED_TO_ANOTHER_KEY


def test_each_of_several_recipients_opens_a_file_with_any_of_their_keys() -> None:
    sealed = seal_bytes(b"text", recipients=[OTHER.recipient, OURS.recipient], random=counted_random())
    retired = Identity(b"\2" * 32)
    assert unseal_bytes(sealed, identities=[OTHER]) == b"text"
    assert unseal_bytes(sealed, identities=[retired, OURS]) == b"text"


def test_the_limit_is_the_size_that_is_still_allowed() -> None:
    assert unseal_bytes(SMALL, identities=[OURS], limit_bytes=12) == b"a short text"
    assert refusal(SMALL, limit_bytes=11) is RefusalCode.SEALED_FILE_TOO_LARGE


def test_no_more_than_the_limit_is_ever_written() -> None:
    target = io.BytesIO()
    with pytest.raises(CannotUnseal) as refused:
        unseal(io.BytesIO(TWO_CHUNKS), target, identities=[OURS], limit_bytes=CHUNK_BYTES)
    assert refused.value.counts == {"limit_bytes": CHUNK_BYTES}
    assert len(target.getvalue()) == CHUNK_BYTES


def test_the_size_of_the_plaintext_is_returned() -> None:
    assert unseal(io.BytesIO(TWO_CHUNKS), io.BytesIO(), identities=[OURS]) == CHUNK_BYTES + 100


def test_a_source_that_hands_out_small_pieces_is_read_to_its_end() -> None:
    class Pieces(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(1000, size or 0))

    assert unseal_to_memory(Pieces(TWO_CHUNKS), identities=[OURS]) == bytes(CHUNK_BYTES + 100)


def test_a_refusal_says_its_code_and_nothing_else() -> None:
    changed = SMALL[:-1] + bytes([SMALL[-1] ^ 1])
    with pytest.raises(CannotUnseal) as refused:
        unseal_bytes(changed, identities=[OURS])
    assert refused.value.args == ("sealed-file-damaged",)
    assert refused.value.__suppress_context__
