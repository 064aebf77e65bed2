"""The parts of the evidence in a folder: whole or not at all, for its owner alone, and safe to open."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from linkage_engine.contract.controlled_table import PublishedRecord
from service.checker.evidence import linkage_lines
from service.checker.parts import before_csv, parts, write_folder
from service.releases.contents import released_files
from tests.unit.checker.evidences import QUESTION, looked_back, some_evidence
from tests.unit.quality_report.answers import answer, asked
from tests.unit.quality_report.figures import LINKAGE

DIGEST = "ef" * 32


def test_what_would_leave_is_there_byte_for_byte() -> None:
    evidence = some_evidence()
    files, released = parts(evidence, DIGEST), released_files(evidence, signed="")
    assert files["after.csv"] == released["table.csv"]
    assert files["disclosure-record.json"] == released["disclosure-record.json"]
    record = PublishedRecord.model_validate_json(files["disclosure-record.json"])
    assert record.history.tables_before == 3


def test_a_quality_report_is_there_as_it_would_leave() -> None:
    spec = asked()
    question = QUESTION.model_copy(update={"specification": spec})
    table = answer(spec, {}, (900, 400))
    evidence = some_evidence(
        question=question, table=table, exact=((900.0,) * 9,), reasons=((None,) * 9,), linkage=LINKAGE
    )
    files, released = parts(evidence, DIGEST), released_files(evidence, signed="")
    reports = {name for name in released if name.startswith("linkage-quality")}
    assert len(reports) == 3
    assert all(files[name] == released[name] for name in reports)
    lines = linkage_lines(evidence.linkage)
    assert "Links at three thresholds: cancer-registry and gp-federation: Primary: 3.5 / 1,095 / 1" in lines
    assert linkage_lines(None) == []


def test_nothing_from_before_control_is_in_what_would_leave() -> None:
    evidence = some_evidence()
    changed = some_evidence(exact=((1.0, 2.0),) * 4, earlier=looked_back())
    assert released_files(evidence, signed="") == released_files(changed, signed="")


def test_before_has_every_digit_and_no_formula() -> None:
    rows = list(csv.reader(before_csv(some_evidence()).decode().splitlines()))
    assert rows[0] == ["sex", "numerator", "denominator"]
    assert rows[2] == ["Male", "4", "250"]
    assert rows[4][0] == "'=1+1"


def test_earlier_tables_differences_and_reasons_are_for_programs_too() -> None:
    told = json.loads(parts(some_evidence(earlier=looked_back()), DIGEST)["earlier.json"])
    assert told["earlier"]["tables"][0]["differences"] == ["lookback_years 20, here 21"]
    assert told["hidden"][0] == {
        "labels": ["Male"],
        "measure": "numerator",
        "reason": "too-few",
        "words": "too few",
    }
    assert len(told["hidden"]) == 5
    assert told["audit"]["withheld"] == 2


def test_the_summary_names_release_and_evidence() -> None:
    lines = parts(some_evidence(), DIGEST)["summary.txt"].decode().splitlines()
    assert lines[:3] == [f"release {'ab' * 16}", f"evidence {DIGEST}", ""]
    assert lines[3].startswith("1. ")


def test_only_the_owner_reads_the_folder(tmp_path: Path) -> None:
    folder, files = tmp_path / "deep" / "evidence", parts(some_evidence(), DIGEST)
    write_folder(folder, files)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_nothing_is_written_over(tmp_path: Path, kind: str) -> None:
    taken = tmp_path / "taken"
    if kind == "folder":
        taken.mkdir()
    elif kind == "file":
        taken.write_text("mine")
    else:
        taken.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        write_folder(taken, {"summary.txt": b""})
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_crash_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("service.checker.parts.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_folder(tmp_path / "evidence", parts(some_evidence(), DIGEST))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".evidence.partial"
    left.mkdir()
    (left / "before.csv").write_text("half")
    write_folder(tmp_path / "evidence", {"summary.txt": b"whole"})
    assert [path.name for path in tmp_path.iterdir()] == ["evidence"]
    assert [path.name for path in (tmp_path / "evidence").iterdir()] == ["summary.txt"]
