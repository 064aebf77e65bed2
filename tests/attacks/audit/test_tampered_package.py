"""One release package, changed: the verifier refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.audit.verify import main
from tests.attacks.audit.tampering import RELEASE, Members, flipped
from tests.unit.audit.log_factories import a_signer, packed


@pytest.fixture
def package(members: Members) -> Members:
    inside = {n.removeprefix(f"{RELEASE}/"): d for n, d in members.items() if n.startswith(RELEASE)}
    return {**inside, "keys.json": members["keys.json"]}


def run_on_package(tmp_path: Path, package: Members) -> int:
    (tmp_path / "log.vkey").write_text(a_signer().key.to_text() + "\n")
    archive = packed(tmp_path / "package.zip", package)
    return main(["verify-release", str(archive), "--vkey", str(tmp_path / "log.vkey")])


def test_a_release_package_verifies_on_its_own(
    tmp_path: Path, package: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_on_package(tmp_path, package) == 0
    assert "verified: entry 6 of tre.example/log, under its checkpoint of size 7" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["table.csv", "release.json"])
def test_a_changed_release_package_is_refused(tmp_path: Path, package: Members, name: str) -> None:
    package[name] = flipped(package[name], len(package[name]) // 2)
    assert run_on_package(tmp_path, package) == 1


def test_a_file_that_rides_along_is_refused(
    tmp_path: Path, package: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    package["log.vkey"] = b"my own"
    assert run_on_package(tmp_path, package) == 1
    assert "log.vkey: not named by the statement" in capsys.readouterr().err


def test_a_package_is_never_checked_against_its_own_log_key(
    tmp_path: Path, package: Members, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as usage:
        main(["verify-release", str(packed(tmp_path / "package.zip", package))])
    assert usage.value.code == 2
    assert "--vkey" in capsys.readouterr().err
