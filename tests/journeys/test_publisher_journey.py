"""A publisher makes a released package public with the tool alone, while the service runs elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linkage_engine.laboratory.demo.commands import StepFailed
from tests.running import Running

pytestmark = pytest.mark.process


@pytest.fixture
def pins(running: Running, tmp_path: Path) -> tuple[str | Path, ...]:
    """The public keys as governance would hand them out, as options of the tool."""
    held = json.loads((running.demo.home / "pins.json").read_text())
    vkey, release_key = tmp_path / "log.vkey", tmp_path / "release-key.jwk"
    vkey.write_text(held["log_vkey"] + "\n")
    release_key.write_text(json.dumps(held["release_key"]))
    (tmp_path / "governance.jwk").write_text(json.dumps(held["governance_key"]))
    return ("--vkey", vkey, "--release-key", release_key)


def test_a_release_becomes_a_page_a_crate_and_a_register(
    running: Running, released: str, pins: tuple[str | Path, ...], tmp_path: Path
) -> None:
    package, run = running.demo.release("prevalence").with_suffix(".zip"), running.demo.journal.run
    run("tre-publish", "release", package, *pins, "--out", tmp_path / "page")
    assert "People living with and beyond cancer" in (tmp_path / "page" / "index.html").read_text()
    signed = running.demo.release("prevalence") / "table.csv"
    assert (tmp_path / "page" / "table.csv").read_bytes() == signed.read_bytes()
    run("tre-publish", "crate", package, *pins, "--out", tmp_path / "crate.zip")
    assert f"verified: release {released}" in run("tre-publish", "check-crate", tmp_path / "crate.zip", *pins)
    given = tmp_path / "given"
    for name, path in {"permits": running.demo.out / "permit.jws", "releases": package}.items():
        (given / name).mkdir(parents=True)
        (given / name / path.name).write_bytes(path.read_bytes())
    publisher = {"title": "Register", "name": "Us", "contact": "us@example.org", "address": "https://e.org/"}
    (given / "publisher.json").write_text(json.dumps(publisher))
    governance = ("--governance-key", tmp_path / "governance.jwk")
    run("tre-publish", "site", given, *pins, *governance, "--out", tmp_path / "site")
    register = json.loads((tmp_path / "site" / "register.json").read_text())
    assert [each["release_id"] for each in register["releases"]] == [released]
    assert [each["role"] for each in register["projects"][0]["participants"]].count("provider") > 1


def test_a_package_that_was_touched_is_not_published(
    running: Running, released: str, pins: tuple[str | Path, ...], tmp_path: Path
) -> None:
    package = bytearray(running.demo.release("prevalence").with_suffix(".zip").read_bytes())
    package[len(package) // 2] ^= 1
    (tmp_path / "touched.zip").write_bytes(package)
    with pytest.raises(StepFailed, match="Release not verified"):
        running.demo.journal.run(
            "tre-publish", "release", tmp_path / "touched.zip", *pins, "--out", tmp_path / "page"
        )
    assert not (tmp_path / "page").exists()
