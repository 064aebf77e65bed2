"""An audit reviewer reads the log, exports it, and verifies it and every release offline."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from linkage_engine.laboratory.demo import path
from linkage_engine.laboratory.demo.commands import StepFailed
from tests.running import Running, until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def audited(running: Running, released: str) -> Running:
    """The log exported, verified, and verified again with one character changed."""
    path.audit(running.demo)
    return running


def pinned(running: Running) -> tuple[str | Path, ...]:
    out = running.demo.out
    return ("--vkey", out / "log.vkey", "--release-key", out / "release-key.jwk")


def test_the_bundle_and_the_release_verify_offline(audited: Running) -> None:
    said = audited.demo.facts["verified"]
    assert said.startswith("verified: ")
    assert "log key: pinned" in said
    assert "release key: pinned" in said
    assert "verified" in audited.demo.facts["releases_verified"]["prevalence"]


@pytest.mark.outside(tool="go")
def test_the_bundle_verifies_with_gos_checksum_database_too(audited: Running, sumdb: Path) -> None:
    command = [sumdb, audited.demo.out / "log-bundle.zip", audited.demo.out / "log.vkey"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.strip() == audited.demo.facts["verified"].splitlines()[0].partition(" of ")[0]


def test_one_changed_character_is_named(audited: Running) -> None:
    assert "not verified: entry 7" in audited.demo.facts["tampered"]


def test_a_release_with_another_table_is_not_verified(audited: Running, tmp_path: Path) -> None:
    changed = tmp_path / "release.zip"
    with (
        zipfile.ZipFile(audited.demo.release("prevalence").with_suffix(".zip")) as good,
        zipfile.ZipFile(changed, "w") as bad,
    ):
        for member in good.infolist():
            data = good.read(member)
            bad.writestr(
                member, data.replace(b"Total", b"Totel", 1) if member.filename == "table.csv" else data
            )
    said = audited.tool("tre-audit", "verify-release", changed, *pinned(audited), expect=1)
    assert "table.csv" in said


def test_another_log_key_is_not_believed(audited: Running, tmp_path: Path) -> None:
    key = json.loads((audited.demo.out / "release-key.jwk").read_text())
    other = json.loads((audited.demo.keys("reviewer") / "public.json").read_text())["signing_key"]
    assert key != other
    wrong = tmp_path / "release-key.jwk"
    wrong.write_text(json.dumps(other))
    with pytest.raises(StepFailed, match="release"):
        audited.tool(
            "tre-audit",
            *("verify-release", audited.demo.release("prevalence").with_suffix(".zip")),
            *("--vkey", audited.demo.out / "log.vkey", "--release-key", wrong),
        )


def test_entries_are_read_in_order_and_reading_is_entered(running: Running) -> None:
    mark = running.mark()
    said = json.loads(
        running.tool("tre-audit", "entries", "--after", "0", "--limit", "5", "--as", "json", who="reviewer")
    )
    assert [entry["sequence"] for entry in said] == [1, 2, 3, 4, 5]
    assert [entry["log_index"] for entry in said] == [0, 1, 2, 3, 4]

    def read() -> bool:
        return any(entry["actor"] == "reviewer" for entry in running.entries(mark, action="log:read"))

    until("is reading entered?", read)
