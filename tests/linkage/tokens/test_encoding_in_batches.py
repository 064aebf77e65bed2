"""A whole file is encoded batch after batch, and nothing depends on who encodes which."""

from __future__ import annotations

import multiprocessing
import secrets
from collections.abc import Callable

import pyarrow as pa
import pytest

from linkage_engine.contract.profiles import COLUMNS, LinkageProfile, column_names
from linkage_engine.contract.refusals import ExtractRejected
from linkage_engine.pseudonymise import batches
from linkage_engine.pseudonymise.batches import BatchEncoder, encoded_batches, key_stream
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.pseudonymise.tokens import encode

ENCODING = Encoding(LinkageSecret(bytes(range(32))), "cancer-2026", 1)
PEOPLE = 23


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 5)


def people(number: int = PEOPLE) -> pa.Table:
    return pa.table(
        {
            "given_name": pa.array(["Ann", "Bob", None][n % 3] for n in range(number)),
            "family_name": pa.array((f"Smith{'abcdefghi'[n % 9]}" for n in range(number)), pa.string()),
            "date_of_birth": pa.array((f"1951-02-{n % 28 + 1:02d}" for n in range(number)), pa.string()),
        }
    )


def counted() -> Callable[[int], bytes]:
    """Chance that comes in the same order each time."""
    return key_stream(bytes(32))


def encoded(records: pa.Table, *, workers: int) -> list[pa.Table]:
    return list(encoded_batches(records, BatchEncoder(ENCODING), random=counted(), workers=workers))


def test_any_number_of_workers_gives_the_same_bits_in_the_same_order() -> None:
    alone = encoded(people(), workers=1)
    assert [table.num_rows for table in alone] == [5, 5, 5, 5, 3]
    assert encoded(people(), workers=3) == alone


def test_batches_have_the_tokens_of_the_whole_file() -> None:
    whole = encode(people(), ENCODING, random=secrets.token_bytes)
    found = pa.concat_tables(encoded(people(), workers=1))
    for name in ("family_dob", "name_pair_year", "dob", "given_sound_dob"):
        assert found[name].to_pylist() == whole[name].to_pylist()


def test_what_fills_lists_up_never_repeats_from_batch_to_batch() -> None:
    nobody = pa.table({"sex": pa.array([None] * PEOPLE, pa.string())})
    values = [
        value
        for table in encoded(nobody, workers=2)
        for row in table["blocking"].to_pylist()
        for value in row
    ]
    length = next(c.length for c in COLUMNS[LinkageProfile.TOKENS] if c.name == "blocking")
    assert len(set(values)) == len(values) == length * PEOPLE


@pytest.mark.parametrize("number", [0, 1])
def test_a_file_of_nobody_or_of_one_person_is_one_batch(number: int) -> None:
    (table,) = encoded(people(number), workers=2)
    assert (table.num_rows, tuple(table.column_names)) == (number, column_names(LinkageProfile.TOKENS))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_column_that_is_no_identifier_is_refused_before_anything_is_encoded(workers: int) -> None:
    with pytest.raises(ExtractRejected):
        encoded_batches(
            pa.table({"diagnosis": ["C50"] * PEOPLE}),
            BatchEncoder(ENCODING),
            random=counted(),
            workers=workers,
        )


def test_where_a_system_cannot_fork_one_process_encodes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert encoded(people(), workers=2) == encoded(people(), workers=1)
