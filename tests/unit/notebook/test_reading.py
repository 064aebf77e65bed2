"""Releases read from packages and published folders, without the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.audit.release import Trust
from service.notebook.reading import read_release
from service.problems.publication import ReleaseNotVerified, ReleaseUnreadable
from service.publication.files import published_files
from service.publication.folder import write_folder
from service.publication.released import open_release
from tests.unit.publication.releases import PEOPLE, PREVALENCE, a_package, a_table, files_of

FILES = files_of(PREVALENCE, a_table(PREVALENCE, PEOPLE))


@pytest.fixture
def given(tmp_path: Path) -> tuple[Path, Path, Trust]:
    """A package, the folder that publishing makes of it, and the keys."""
    package, trust = a_package(tmp_path / "made", FILES)
    write_folder(published_files(open_release(package, trust)).items(), tmp_path / "page")
    return package, tmp_path / "page", trust


def test_package_and_published_folder_are_the_same_release(given: tuple[Path, Path, Trust]) -> None:
    package, page, trust = given
    of_package, of_folder = read_release(package, trust), read_release(str(page), trust)
    assert of_package.released == of_folder.released
    assert of_folder.columns()["numerator"] == [1200, 1500, None, 2700]


@pytest.mark.parametrize("name", ["table.csv", "disclosure-record.json", "query.json", "release.json"])
def test_a_file_that_was_touched_is_named(given: tuple[Path, Path, Trust], name: str) -> None:
    _, page, trust = given
    (page / name).write_bytes((page / name).read_bytes() + b" ")
    with pytest.raises(ReleaseNotVerified) as refused:
        read_release(page, trust)
    assert name in str(refused.value.facts)


def test_a_file_that_nobody_signed_is_named(given: tuple[Path, Path, Trust]) -> None:
    _, page, trust = given
    (page / "more.csv").write_text("sex,numerator\n")
    with pytest.raises(ReleaseNotVerified) as refused:
        read_release(page, trust)
    assert "more.csv" in str(refused.value.facts)


def test_keys_of_another_gate_verify_nothing(tmp_path: Path) -> None:
    package, _ = a_package(tmp_path / "made", FILES)
    _, other = a_package(tmp_path / "other", FILES)
    with pytest.raises(ReleaseNotVerified):
        read_release(package, other)


def test_a_folder_of_folders_is_no_release(tmp_path: Path) -> None:
    _, trust = a_package(tmp_path / "made", FILES)
    with pytest.raises(ReleaseUnreadable):
        read_release(tmp_path, trust)


def test_an_empty_folder_is_no_release(tmp_path: Path) -> None:
    _, trust = a_package(tmp_path / "made", FILES)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReleaseNotVerified):
        read_release(tmp_path / "empty", trust)
