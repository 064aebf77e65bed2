"""Specifications in, packages out."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from service.problems.requests import RequestUnreadable
from service.problems.results import SpecificationInvalid
from service.researcher import questions
from service.researcher.questions import read_specification, unpack
from tests.factories import a_specification


def test_a_specification_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "question.json"
    path.write_text(a_specification().to_json())
    assert read_specification(path) == a_specification()


@pytest.mark.parametrize("content", [b"", b"not json", b"\xff\xfe\x00"])
def test_a_file_that_is_no_json_is_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "question.json").write_bytes(content)
    with pytest.raises(RequestUnreadable):
        read_specification(tmp_path / "question.json")


def test_each_wrong_place_is_named_and_nothing_is_repeated(tmp_path: Path) -> None:
    fields = json.loads(a_specification().to_json())
    fields["breakdowns"], fields["parameters"]["lookback_years"] = ["CANARY"], 99
    (tmp_path / "question.json").write_text(json.dumps(fields))
    with pytest.raises(SpecificationInvalid) as refused:
        read_specification(tmp_path / "question.json")
    faults = refused.value.as_json()["faults"]
    assert isinstance(faults, list)
    assert [fault["pointer"] for fault in faults] == [
        "/parameters/lookback_years",
        "/breakdowns/0",
    ]
    assert "CANARY" not in str(faults)


def test_of_a_template_that_does_not_exist_nothing_else_is_said(tmp_path: Path) -> None:
    fields = json.loads(a_specification().to_json()) | {"template": "CANARY", "breakdowns": ["CANARY"]}
    (tmp_path / "question.json").write_text(json.dumps(fields))
    with pytest.raises(SpecificationInvalid) as refused:
        read_specification(tmp_path / "question.json")
    assert refused.value.as_json()["faults"] == [{"pointer": "/template", "code": "unknown_template"}]


def a_zip(*members: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


TABLE = ("table.csv", b"sex,numerator\r\n" * 100)


def test_a_package_becomes_files_in_a_new_folder(tmp_path: Path) -> None:
    files = unpack(a_zip(TABLE, ("query.json", b"{}")), tmp_path / "out")
    assert [path.name for path in files] == ["table.csv", "query.json"]
    assert files[0].read_bytes() == TABLE[1]


def test_an_old_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError):
        unpack(a_zip(TABLE), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def damaged(package: bytes) -> bytes:
    changed = bytearray(package)
    changed[len("table.csv") + 33] ^= 0xFF
    return bytes(changed)


def marked(flag: int, method: int = 8) -> Callable[[bytes], bytes]:
    """The package with other flags and another method in both its headers."""

    def change(package: bytes) -> bytes:
        changed, directory = bytearray(package), package.index(b"PK\1\2")
        for at in (6, directory + 8):
            changed[at : at + 2] = flag.to_bytes(2, "little")
        for at in (8, directory + 10):
            changed[at : at + 2] = method.to_bytes(2, "little")
        return bytes(changed)

    return change


ODD: dict[str, bytes] = {
    "no zip": b"no zip",
    "nothing": b"",
    "cut off": a_zip(TABLE)[:-30],
    "a byte changed": damaged(a_zip(TABLE)),
    "encrypted": marked(1)(a_zip(TABLE)),
    "an unknown method": marked(0, 99)(a_zip(TABLE)),
    "a path": a_zip(TABLE, ("../evil.txt", b"x")),
    "an absolute path": a_zip(("/tmp/evil.txt", b"x")),  # to see it refused
    "a folder above": a_zip(("..", b"x")),
    "a Windows path": a_zip(("..\\evil.txt", b"x")),
    "a folder": a_zip(TABLE, ("folder/", b"")),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_package_is_refused_and_writes_nothing(tmp_path: Path, odd: str) -> None:
    with pytest.raises(RequestUnreadable):
        unpack(ODD[odd], tmp_path / "out")
    assert list(tmp_path.rglob("*")) == []


def test_a_package_that_would_fill_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "PACKAGE_LIMIT_BYTES", 1000)
    with pytest.raises(RequestUnreadable):
        unpack(a_zip(TABLE), tmp_path / "out")
    assert not (tmp_path / "out").exists()
