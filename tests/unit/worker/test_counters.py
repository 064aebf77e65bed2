"""The gate's note of how often each passkey was used."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from service.asserted import Use
from service.worker.counters import note_uses

ONE, OTHER = "1" * 64, "2" * 64


def refused(folder: Path, use: Use, code: RefusalCode) -> None:
    with pytest.raises(NotTrusted) as caught:
        note_uses(folder, [use])
    assert caught.value.code is code


def test_a_count_that_comes_for_another_decision_is_a_copys(tmp_path: Path) -> None:
    folder = tmp_path / "passkeys"
    note_uses(folder, [Use("a", 5, ONE)])
    note_uses(folder, [Use("a", 5, ONE)])  # the same job again, after a crash
    refused(folder, Use("a", 5, OTHER), RefusalCode.SIGNATURE_INVALID)
    # Releases are settled out of order; and another passkey counts for itself.
    note_uses(folder, [Use("a", 4, OTHER), Use("b", 5, OTHER)])
    refused(folder, Use("a", 4, ONE), RefusalCode.SIGNATURE_INVALID)


def test_a_passkey_that_does_not_count_is_noted_nowhere(tmp_path: Path) -> None:
    note_uses(tmp_path / "passkeys", [Use("a", 0, ONE), Use("a", 0, OTHER)])
    assert not (tmp_path / "passkeys").exists()


def test_a_note_that_cannot_be_read_or_written_stops_the_release(tmp_path: Path) -> None:
    note_uses(tmp_path, [Use("a", 5, ONE)])
    [note] = tmp_path.iterdir()
    note.write_text("[]")
    refused(tmp_path, Use("a", 6, ONE), RefusalCode.VAULT_DAMAGED)
    (tmp_path / "file").write_text("")
    with pytest.raises(NotTrusted):
        note_uses(tmp_path / "file", [Use("a", 6, ONE)])


def test_a_full_disk_stops_the_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError

    monkeypatch.setattr("service.worker.notes.replace_bytes", full)
    refused(tmp_path, Use("a", 5, ONE), RefusalCode.VAULT_FULL)
