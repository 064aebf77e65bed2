"""Everything that is installed is locked by digest and listed, and nothing is installed otherwise."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.supply_chain.materials import ZONES, NotLocked, bill_of_materials, components
from tests.supply_chain.scan import unexplained

LOCKED = "one==1.0 ; sys_platform == 'linux' \\\n    --hash=sha256:" + "a" * 64 + "\n"
INSTALLS = re.compile(r"pip (?:install|download)(?P<how>[^\n]*)")
HOW = re.compile(r"--require-hashes|--no-deps")


@pytest.fixture(scope="module")
def root(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath


def test_every_requirement_is_locked_by_version_and_digest(root: Path) -> None:
    files = sorted((root / "requirements").rglob("*.txt"))
    assert len(files) > len(ZONES)
    assert all(components(path.read_text()) for path in files)


@pytest.mark.parametrize(
    "text", ["one>=1.0\n", "one==1.0\n", "-e .\n", "one @ https://elsewhere/one.whl\n", LOCKED + "two==2.0\n"]
)
def test_what_is_not_locked_is_refused(text: str) -> None:
    with pytest.raises(NotLocked):
        components(text)


def test_nothing_is_installed_but_by_digest_or_from_here(root: Path) -> None:
    places = [root / "Makefile", *sorted((root / "deploy").rglob("*Dockerfile")), *(root / ".ci").iterdir()]
    installs = [how["how"] for path in places for how in INSTALLS.finditer(path.read_text())]
    assert len(installs) > len(ZONES)
    assert [how for how in installs if HOW.search(how) is None] == []


@pytest.mark.parametrize("zone", ZONES)
def test_the_bill_of_materials_is_that_of_the_requirements(root: Path, zone: str) -> None:
    made = bill_of_materials(zone, (root / "requirements" / f"{zone}.txt").read_text())
    assert (root / "deploy" / "materials" / f"{zone}.cdx.json").read_text() == made, "run: make materials"
    bill = json.loads(made)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert len({each["bom-ref"] for each in bill["components"]}) == len(bill["components"])


def test_a_bill_says_what_where_and_which_version() -> None:
    [component] = json.loads(bill_of_materials("api", LOCKED))["components"]
    assert component["purl"] == "pkg:pypi/one@1.0"
    assert component["properties"] == [{"name": "tre:only-where", "value": "sys_platform == 'linux'"}]


def test_a_finding_that_nobody_explained_is_named(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(
        "a = 1\nb = 2  # noqa: S608  # our own names only\nc = 3  # noqa: S101\n"
    )
    found = {"filename": "code.py", "test_id": "B608", "test_name": "sql"}
    report = {"results": [found | {"line_number": n, "line_range": [n]} for n in (1, 2, 3)]}
    assert unexplained(report, tmp_path) == ["code.py:1: B608 sql", "code.py:3: B608 sql"]
