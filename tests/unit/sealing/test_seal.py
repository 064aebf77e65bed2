"""Sealing: to whom, in which pieces, and what is left behind when it goes wrong."""

from __future__ import annotations

import hashlib
import io
import itertools
import tracemalloc
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.refusals import CannotSeal, CannotUnseal, RefusalCode
from linkage_engine.sealing import bech32
from linkage_engine.sealing.digest import DigestingFile, SealedDigest
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import SealingWriter, seal, seal_bytes
from linkage_engine.sealing.stream import CHUNK_BYTES
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal_bytes


def counted_random() -> Callable[[int], bytes]:
    """Other bytes at every call, the same in every run."""
    calls = itertools.count()
    return lambda size: hashlib.shake_256(b"%d" % next(calls)).digest(size)


IDENTITY = Identity(bytes(32))
RECIPIENTS = [IDENTITY.recipient]


def test_a_recipient_is_read_from_the_text_it_gives() -> None:
    text = str(IDENTITY.recipient)
    assert text.startswith("age1pq1")
    assert len(text) == 1959
    assert Recipient.parse(text) == IDENTITY.recipient


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1pq1qqqqqq",
        str(IDENTITY.recipient).upper(),
        str(IDENTITY.recipient)[:-1],
        bech32.encode("age", IDENTITY.recipient.raw),
        bech32.encode("age1pq", IDENTITY.recipient.raw[:-1]),
        bech32.encode("age1pq", IDENTITY.recipient.raw + b"\0"),
        bech32.encode("age1pq", b"\xff" * 1216),
        bech32.encode("age1pq", IDENTITY.recipient.raw[:1184] + bytes(32)),
    ],
    ids=["empty", "broken", "upper", "cut", "prefix", "short", "long", "no ML-KEM key", "low order"],
)
def test_a_text_that_is_no_recipient_is_refused(text: str) -> None:
    with pytest.raises(CannotSeal) as refused:
        Recipient.parse(text)
    assert refused.value.code is RefusalCode.RECIPIENT_INVALID
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_sealing_to_nobody_is_refused_before_a_byte_is_written() -> None:
    target = io.BytesIO()
    with pytest.raises(CannotSeal):
        seal(io.BytesIO(b"text"), target, recipients=[], random=counted_random())
    assert target.getvalue() == b""


@pytest.mark.parametrize("repeats", [1, CHUNK_BYTES, 9 * CHUNK_BYTES])
def test_the_digest_is_that_of_the_sealed_file(repeats: int) -> None:
    target = io.BytesIO()
    digesting = DigestingFile(target)
    seal(io.BytesIO(b"text" * repeats), digesting, recipients=RECIPIENTS, random=counted_random())
    digest, sealed = digesting.finish(), target.getvalue()
    assert digest == SealedDigest(hashlib.sha256(sealed).hexdigest(), len(sealed))


@given(pieces=st.lists(st.integers(0, 2 * CHUNK_BYTES + 1).map(bytes), max_size=4))
def test_it_does_not_matter_in_which_pieces_a_text_is_written(pieces: list[bytes]) -> None:
    target = io.BytesIO()
    writer = SealingWriter(target, recipients=RECIPIENTS, random=counted_random())
    assert [writer.write(memoryview(piece)) for piece in pieces] == [len(piece) for piece in pieces]
    writer.close()
    assert unseal_bytes(target.getvalue(), identities=[IDENTITY]) == b"".join(pieces)


def test_closing_twice_seals_once_and_writing_afterwards_is_an_error() -> None:
    target = io.BytesIO()
    writer = SealingWriter(target, recipients=RECIPIENTS, random=counted_random())
    writer.close()
    sealed = target.getvalue()
    writer.close()
    assert writer.closed
    assert target.getvalue() == sealed
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"more")


def test_an_error_while_writing_leaves_a_file_that_does_not_open() -> None:
    target = io.BytesIO()

    def interrupted() -> None:
        with SealingWriter(target, recipients=RECIPIENTS, random=counted_random()) as writer:
            writer.write(bytes(CHUNK_BYTES + 1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    with pytest.raises(CannotUnseal) as refused:
        unseal_bytes(target.getvalue(), identities=[IDENTITY])
    assert refused.value.code is RefusalCode.SEALED_FILE_DAMAGED


def test_a_parquet_writer_writes_through_the_seal() -> None:
    table = pa.table({"person_key": ["CANARY-1", "CANARY-2"], "n": [1, None]})
    target = io.BytesIO()
    with (
        SealingWriter(target, recipients=RECIPIENTS, random=counted_random()) as sealed,
        pq.ParquetWriter(sealed, table.schema, compression="zstd") as writer,
    ):
        writer.write_table(table)
        sealed.flush()
    assert b"CANARY" not in target.getvalue()
    plaintext = unseal_bytes(target.getvalue(), identities=[IDENTITY])
    assert pq.read_table(pa.BufferReader(plaintext)) == table


def test_two_files_of_the_same_text_have_nothing_but_the_grammar_in_common() -> None:
    random = counted_random()
    first, second = (seal_bytes(bytes(64), recipients=RECIPIENTS, random=random) for _ in range(2))
    assert first[-80:] != second[-80:]


def test_memory_does_not_grow_with_the_file() -> None:
    class Zeros(io.BytesIO):
        left = 64 << 20

        def read(self, size: int | None = -1, /) -> bytes:
            size = min(size or 0, self.left)
            self.left -= size
            return bytes(size)

    with open("/dev/null", "wb") as target:  # noqa: PTH123 (the device is the point)
        tracemalloc.start()
        seal(Zeros(), target, recipients=RECIPIENTS, random=counted_random())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 << 20
