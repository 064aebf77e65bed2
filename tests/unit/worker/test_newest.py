"""A worker's note of what came last."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from service.worker.newest import Newest, hold_to_newest, next_number


def hold(path: Path, number: int, what: str) -> None:
    hold_to_newest(path, Newest(number=number, what=what), RefusalCode.DELIVERY_OUTDATED)


def refused(path: Path, number: int, what: str, code: RefusalCode) -> None:
    with pytest.raises(NotTrusted) as caught:
        hold(path, number, what)
    assert caught.value.code is code


def test_nothing_older_is_believed_and_the_same_again_is(tmp_path: Path) -> None:
    path = tmp_path / "newest" / "note.json"
    hold(path, 2, "second")
    hold(path, 2, "second")
    refused(path, 1, "first", RefusalCode.DELIVERY_OUTDATED)
    refused(path, 2, "another second", RefusalCode.DELIVERY_OUTDATED)
    hold(path, 5, "fifth")
    refused(path, 2, "second", RefusalCode.DELIVERY_OUTDATED)


def test_no_number_is_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    assert [next_number(path, what) for what in ("a", "a", "b")] == [1, 2, 3]


def test_a_note_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    path.write_text("[]")
    refused(path, 1, "first", RefusalCode.VAULT_DAMAGED)
    with pytest.raises(NotTrusted):
        next_number(path, "a")


def test_where_there_is_no_room_for_a_note_nothing_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError

    monkeypatch.setattr("service.worker.notes.replace_bytes", full)
    refused(tmp_path / "note.json", 1, "first", RefusalCode.VAULT_FULL)
