"""Archives made to hurt whoever verifies them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from service.audit.verify import main
from tests.attacks.audit.tampering import RELEASE, Members, flipped
from tests.unit.audit.log_factories import TABLE, packed


def refused(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["verify", str(path)]) == 1
    return capsys.readouterr().err


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bomb = packed(tmp_path / "bomb.zip", {"checkpoint": bytes(50_000_000)})
    assert bomb.stat().st_size < 100_000
    assert "checkpoint: too large" in refused(bomb, capsys)


def test_a_large_text_is_refused(
    tmp_path: Path, members: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    members["checkpoint"] = b"".join(number.to_bytes(4, "big") for number in range(300_000))
    assert "checkpoint: too large" in refused(packed(tmp_path / "large.zip", members), capsys)


def test_two_members_of_one_name_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as many:
        many.writestr("checkpoint", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            many.writestr("checkpoint", b"two")
    assert "two of one name" in refused(tmp_path / "many.zip", capsys)


def test_what_is_no_zip_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.zip").write_text("hello")
    assert "cannot be read as a zip file" in refused(tmp_path / "text.zip", capsys)
    assert "cannot be read as a zip file" in refused(tmp_path / "absent.zip", capsys)


def test_a_member_that_is_damaged_is_refused(
    tmp_path: Path, members: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stored.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as stored:
        for name, data in members.items():
            stored.writestr(name, data)
    path.write_bytes(path.read_bytes().replace(TABLE, flipped(TABLE, 3)))
    assert f"{RELEASE}/table.csv: damaged" in refused(path, capsys)


def test_a_name_cannot_write_on_the_auditors_terminal(
    tmp_path: Path, members: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    members["\x1b[2Jall is well"] = b""
    said = refused(packed(tmp_path / "names.zip", members), capsys)
    assert "\x1b" not in said
    assert "?[2Jall is well: does not belong" in said


def test_a_thousand_bad_entries_are_not_all_told(
    tmp_path: Path, members: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    members["entries.jsonl"] = b"{}\n" * 1000
    assert len(refused(packed(tmp_path / "bad.zip", members), capsys).splitlines()) < 60
