"""Specifications in, packages out."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.problems.requests import RequestUnreadable
from service.problems.results import SpecificationInvalid, SpecificationUnreadable
from service.researcher import questions
from service.researcher.questions import read_specification, signed_question, unpack
from service.signed import SigningKey
from tests.factories import a_specification

EXAMPLES = Path(questions.__file__).with_name("examples")


def test_a_specification_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "question.json"
    path.write_text(a_specification().to_json())
    assert read_specification(path) == a_specification()


def test_a_file_of_yaml_says_and_signs_what_its_json_does(tmp_path: Path) -> None:
    example = EXAMPLES / "emergency_15m.yaml"
    asked = read_specification(example)
    (tmp_path / "question.json").write_text(asked.to_json())
    key = SigningKey.generate()
    of_yaml, of_json = (
        signed_question(
            read_specification(path),
            asked_by="ada",
            key=key,
            clock=lambda: datetime(2025, 1, 1, tzinfo=UTC),
            random=bytes,
        )
        for path in (example, tmp_path / "question.json")
    )
    assert of_yaml == of_json
    payload = json.loads(base64.urlsafe_b64decode(of_yaml.split(".")[1] + "=="))
    assert payload["specification"] == json.loads(asked.to_json())


@pytest.mark.parametrize("content", [b"", b"{'a': [", b"\xff\xfe\x00"])
def test_a_file_that_is_neither_yaml_nor_json_is_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "question.json").write_bytes(content)
    with pytest.raises(SpecificationUnreadable):
        read_specification(tmp_path / "question.json")


def test_a_text_that_is_no_map_is_no_specification(tmp_path: Path) -> None:
    (tmp_path / "question.yaml").write_text("not a question")
    with pytest.raises(SpecificationInvalid):
        read_specification(tmp_path / "question.yaml")


def test_a_fault_has_its_line_and_what_is_taken_instead(tmp_path: Path) -> None:
    text = (EXAMPLES / "excess_vs_same_age_sex.yaml").read_text()
    (tmp_path / "question.yaml").write_text(
        text.replace("age_band,", "period,").replace("to_month: 12", "x: 1")
    )
    with pytest.raises(SpecificationInvalid) as refused:
        read_specification(tmp_path / "question.yaml")
    faults = refused.value.as_json()["faults"]
    assert faults == [
        {
            "pointer": "/parameters",
            "code": "extra_forbidden",
            "line": "8",
            "says": "Extra inputs are not permitted",
        },
        {
            "pointer": "/breakdowns/0",
            "code": "literal_error",
            "line": "10",
            "says": "Input should be 'tumour_group', 'sex', 'age_band' or 'area'",
        },
    ]


def test_a_window_that_ends_before_it_starts_is_named_in_words(tmp_path: Path) -> None:
    text = (EXAMPLES / "excess_vs_same_age_sex.yaml").read_text()
    (tmp_path / "question.yaml").write_text(text.replace("to_month: 12", "to_month: 0"))
    with pytest.raises(SpecificationInvalid) as refused:
        read_specification(tmp_path / "question.yaml")
    faults = refused.value.as_json()["faults"]
    assert isinstance(faults, list)
    assert [(each["line"], each["says"]) for each in faults] == [("4", "the window ends before it starts")]


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
    assert refused.value.as_json()["faults"] == [
        {
            "pointer": "/template",
            "code": "unknown_template",
            "line": "1",
            "says": "one of the templates that can be asked",
        }
    ]


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
