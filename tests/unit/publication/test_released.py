from __future__ import annotations

import json
from pathlib import Path

import pytest

from linkage_engine.contract.controlled_table import PublishedRecord
from service.problems.problem import Problem
from service.problems.publication import ReleaseNotVerified, ReleaseUnreadable
from service.publication.released import open_release, released
from service.publication.table_file import NotATable, read_table
from service.releases.publication import as_csv, as_csvw
from tests.unit.disclosure.emergency_tables import a_cell as an_emergency_cell
from tests.unit.disclosure.emergency_tables import controlled as emergency
from tests.unit.publication.releases import (
    PEOPLE,
    PLACE,
    PREVALENCE,
    a_package,
    a_release,
    a_table,
    files_of,
    members_of,
)

TABLE = a_table(PREVALENCE, PEOPLE)
FILES = files_of(PREVALENCE, TABLE)


def faults(refused: Problem) -> list[str]:
    listed = refused.facts["faults"]
    assert isinstance(listed, list)
    return [fault["pointer"] for fault in listed]


def test_a_package_opens_to_the_table_that_was_controlled(tmp_path: Path) -> None:
    package, trust = a_package(tmp_path, FILES)
    opened = open_release(package, trust)
    assert opened.table.rows == TABLE.rows
    assert opened.table.measures == TABLE.measures
    assert (opened.asked, opened.log.origin) == (PREVALENCE, "tre.example/log")
    assert next(iter(opened.files)) == "release.json"


def test_a_changed_package_is_named_with_its_member(tmp_path: Path) -> None:
    package, trust = a_package(tmp_path, FILES)
    package.write_bytes(package.read_bytes()[:-30])
    with pytest.raises(ReleaseNotVerified):
        open_release(package, trust)
    other, _ = a_package(tmp_path / "other", FILES)
    with pytest.raises(ReleaseNotVerified) as refused:
        open_release(other, trust)
    assert any("release.json" in fault for fault in faults(refused.value))


def test_a_table_of_real_control_is_read_back() -> None:
    table = emergency(an_emergency_cell(100, 40, 62, label="A"), an_emergency_cell(8, 2, 3))
    opened = a_release()
    described = json.loads(opened.files["table.csv-metadata.json"])
    assert described["dc:title"] == opened.table.title
    record = PublishedRecord(**{**dict(table.record), "history": opened.record.history})
    back = read_table(
        as_csv(table), json.loads(as_csvw(table, csv_name="t.csv")), record, template="emergency_15m"
    )
    assert (back.rows, back.measures, back.title) == (table.rows, table.measures, table.title)


@pytest.mark.parametrize(
    ("member", "data"),
    [
        ("table.csv", b"sex,other\nMale,1\n"),
        ("table.csv", FILES["table.csv"].replace(b"1200", b"01200")),
        ("table.csv", FILES["table.csv"].replace(b"[low]", b"[lower]")),
        ("table.csv", b"\xff"),
        ("table.csv-metadata.json", b"[]"),
        ("table.csv-metadata.json", b"{"),
        ("disclosure-record.json", b"{}"),
        ("query.json", b'{"question": 1}'),
        ("query.json", FILES["query.json"].replace(b"2024-12-31", b"2024-12-30")),
        ("query.json", FILES["query.json"].replace(b'"lookback_years": 21', b'"lookback_years": 1e400')),
        ("query.json", FILES["query.json"].replace(b'"rosalind"', b'"Rosalind!"')),
    ],
)
def test_what_is_signed_and_cannot_be_read_is_named_by_its_member(member: str, data: bytes) -> None:
    with pytest.raises(ReleaseUnreadable) as refused:
        released(members_of({**FILES, member: data}), PLACE)
    assert faults(refused.value) in ([member], ["table.csv"])


def test_a_missing_member_is_named() -> None:
    members = members_of(FILES)
    del members["query.json"]
    with pytest.raises(ReleaseUnreadable) as refused:
        released(members, PLACE)
    assert faults(refused.value) == ["query.json"]


def test_a_description_without_columns_is_no_table() -> None:
    with pytest.raises(NotATable):
        read_table(FILES["table.csv"], {"tableSchema": {}}, a_release().record, template="prevalence")


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "index.html", "table.xlsx", "crate.zip", "", ".hidden", "a b"]
)
def test_a_file_that_would_lie_elsewhere_or_over_another_is_named(name: str) -> None:
    with pytest.raises(ReleaseUnreadable) as refused:
        released(members_of({**FILES, name: b""}), PLACE)
    assert faults(refused.value) == [name]
