from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook

from service.command_line import run
from service.problems.publication import FolderInTheWay
from service.publication.files import published_files
from service.publication.folder import write_folder
from service.publication.main import app
from service.publication.workbook import workbook
from tests.unit.publication.releases import (
    PEOPLE,
    PREVALENCE,
    a_package,
    a_release,
    a_table,
    files_of,
)
from tests.unit.publication.studies import EMERGENCY_RELEASE, TRAJECTORY_RELEASE


def book(data: bytes) -> dict[str, list[list[object]]]:
    read = load_workbook(io.BytesIO(data))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in read}


def test_a_workbook_has_cover_contents_notes_table_and_data() -> None:
    sheets = book(workbook(a_release()))
    assert list(sheets) == ["Cover", "Contents", "Notes", "Table", "Data"]
    assert sheets["Cover"][0] == ["People living with and beyond cancer"]
    assert any("Disclosure control by policy" in str(row[0]) for row in sheets["Cover"])
    assert sheets["Notes"][4][0] == "[c]"
    assert sheets["Table"][3][:2] == [
        "Sex",
        "People with a first diagnosis in the years up to the index date",
    ]
    assert sheets["Table"][4] == ["Male", 1200, 30000, 4, 4000]
    assert sheets["Table"][6][:3] == ["Not known or not specified", "[low]", "[c]"]
    assert sheets["Data"][3][:3] == ["sex", "numerator", "numerator_status"]
    assert sheets["Data"][4][:3] == ["Male", 1200, "shown"]
    assert sheets["Data"][6][1:5] == ["[low]", "[low]", "[c]", "[c]"]


def test_every_sheet_with_a_table_marks_it_and_merges_and_leaves_nothing() -> None:
    read = load_workbook(io.BytesIO(workbook(EMERGENCY_RELEASE)))
    for sheet in read.worksheets[1:]:
        (table,) = sheet.tables.values()
        assert not sheet.merged_cells.ranges
        cells = [cell for row in sheet[table.ref] for cell in row]
        assert None not in [cell.value for cell in cells]
        assert "formula" not in {cell.data_type for cell in cells}


def test_labels_that_a_spreadsheet_would_compute_are_text() -> None:
    read = load_workbook(io.BytesIO(workbook(TRAJECTORY_RELEASE)))
    assert {cell.data_type for cell in read["Table"]["A"]} == {"s"}
    assert read["Table"]["A5"].value == "-2"


def test_a_table_that_hides_nothing_says_so_in_its_notes() -> None:
    full = {"numerator": 30, "denominator": 900, "percent": 3.3, "per_100_000": 3333}
    assert book(workbook(a_release(PREVALENCE, {("Total",): full})))["Notes"][4] == [
        "none",
        "Every number is shown",
    ]


def test_heads_that_are_alike_are_numbered() -> None:
    release = a_release()
    measures = tuple(each.model_copy(update={"title": "People"}) for each in release.table.measures)
    table = release.table.model_copy(update={"measures": measures})
    alike = type(release)(
        release.statement, release.question, table, release.record, release.log, release.files
    )
    assert book(workbook(alike))["Table"][3] == ["Sex (1)", *(f"People ({n})" for n in range(2, 6))]


def test_the_same_release_gives_the_same_bytes() -> None:
    assert published_files(a_release()) == published_files(a_release())


def test_what_the_gate_signed_is_published_as_it_is_and_everything_is_led_to() -> None:
    release = a_release()
    files = published_files(release)
    assert {name: files[name] for name in release.files} == dict(release.files)
    led = re.findall(r'<a href="([^#"]+)"', files["index.html"].decode())
    assert sorted(led) == sorted(set(files) - {"index.html"})


def test_the_recipe_has_the_question_and_every_digest() -> None:
    release = a_release()
    card = json.loads(published_files(release)["recipe.json"])
    assert card["specification"]["parameters"]["index_date"] == "2024-12-31"
    assert card["specification_sha256"] == release.record.specification_sha256
    assert [each["name"] for each in card["files"]] == [each.name for each in release.statement.files]
    assert card["log"] == {"origin": "tre.example/log", "entry": 7, "tree_size": 9}
    assert card["question_in_words"] == [
        "People registered and alive on 2024-12-31, first diagnosed in the 21 years before."
    ]
    assert "rosalind" not in str(card)


@pytest.fixture
def at(tmp_path: Path) -> Path:
    """A folder with a package and the keys that it verifies by."""
    a_package(tmp_path, files_of(PREVALENCE, a_table(PREVALENCE, PEOPLE)))
    return tmp_path


def publish(at: Path, *more: str, **names: str) -> int:
    name = {"package": "release.zip", "vkey": "log.vkey", "key": "release-key.jwk", "out": "out"} | names
    keys = ["--vkey", str(at / name["vkey"]), "--release-key", str(at / name["key"])]
    return run(app, ["release", str(at / name["package"]), *keys, "--out", str(at / name["out"]), *more])


def test_a_package_becomes_a_folder_that_everybody_may_read(
    at: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(at) == 0
    names = {path.name for path in (at / "out").iterdir()}
    assert {"index.html", "table.csv", "table.xlsx", "recipe.json", "release.json"} <= names
    assert capsys.readouterr().out == f"{at / 'out'}: 8 files\n"
    assert [path.name for path in at.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("package", b"PK", "Release not verified"),
        ("vkey", b"no key", "Release not verified"),
        ("vkey", b"\xff", "Release not verified"),
        ("key", b"{", "Release not verified"),
        ("key", b"[]", "Release not verified"),
    ],
)
def test_what_does_not_verify_is_refused_and_nothing_is_written(
    at: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes, says: str
) -> None:
    (at / "other").write_bytes(data)
    assert publish(at, **{name: "other"}) == 1
    told = capsys.readouterr().err
    assert says in told
    assert "What to do:" in told
    assert not (at / "out").exists()


def test_another_gates_key_does_not_publish(at: Path, tmp_path: Path) -> None:
    a_package(tmp_path / "elsewhere", {"table.csv": b""})
    assert publish(at, key="elsewhere/release-key.jwk") == 1
    # A gate's key changes: what is pinned is the one it has and the ones it had.
    assert publish(at, "--release-key", str(tmp_path / "elsewhere" / "release-key.jwk")) == 0


def test_a_package_that_is_not_there_is_named(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish(at, vkey="nowhere") == 1
    assert "nowhere" in capsys.readouterr().err


def test_nothing_is_written_over(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (at / "out").mkdir()
    assert publish(at) == 1
    assert "Folder in the way" in capsys.readouterr().err
    (at / "link").symlink_to(at / "nowhere")
    with pytest.raises(FolderInTheWay):
        write_folder([("a", b"")], at / "link")


def test_a_crash_in_the_middle_leaves_nothing_and_the_next_run_is_whole(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="name too long"):
        write_folder([("a", b"1"), ("b" * 300, b"2")], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".out.partial").mkdir()  # what a killed writer left
    (tmp_path / ".out.partial" / "old").touch()
    assert write_folder([("a", b"1"), ("folder/b", b"2")], tmp_path / "out") == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "folder"]
