"""The shape of the code: sizes, captions, the same files in every feature, what the wheel holds."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.architecture.test_lints import PACKAGES, modules

LONGEST, MEDIAN, CAPTION = 400, 120, 130
FOUR = {"routes", "actions", "rules", "records"}
EXTRA: dict[str, dict[str, str]] = {
    "access": {
        "admission": "who asks, for every route of every feature",
        "permissions": "the table of roles and what they may do",
        "proofs": "who holds the key that a token is bound to",
        "sessions": "who is signed in by browser",
        "tokens": "assertions in, access tokens out",
    },
    "linkage_secrets": {},
    "organisations": {},
    "people": {
        "forms": "the pages that people see, as HTML",
        "passkeys": "what authenticators answer, and when it is believed",
    },
    "projects": {
        "amendments": "which permit may take the place of another: api and workers ask",
        "overlaps": "which permits share people or data",
        "warnings": "what of a permit is about to end: pages and the doctor tell it",
        "grants": "whether a controller signed: api and workers ask",
    },
    "submissions": {
        "package": "reads the tar before a transaction begins",
        "remedies": "what a provider does about each refusal of the engine",
        "spool": "where a delivery lies",
    },
    "withdrawals": {},
    "uploads": {
        "files": "a file for each upload, and its lock",
        "intake": "bytes on their way to the disk",
        "override": "a POST that stands for another method, before a route is chosen",
        "sweeping": "what nobody asks for: the end of uploads whose time is over",
    },
    "destructions": {
        "certificate": "the certificates as one file",
        "repetition": "what the log says was ordered destroyed: a restore lays it down, workers obey",
        "sweeping": "sealed bytes that a crash left of what was withdrawn",
    },
    "linkage_runs": {},
    "queries": {},
    "releases": {
        "by_passkey": "decisions at a browser: a page, and what a passkey signs",
        "one_person": "a trigger, made together with the table of decisions",
        "contents": "which files a release is made of",
        "forgotten": "what a restore tells the gate that it has forgotten",
        "package": "the release as one file",
        "publication": "controlled tables as CSV and CSVW",
        "second_person": "the law of two people as triggers, for migrations too",
        "zipped": "files as one zip file, the same bytes each time",
    },
    "mirror": {},
    "reviews": {},
    "pages": {"health": "what each process says of itself"},
}
"""The features, and every module of them beyond the four, with its reason."""
WITHOUT: dict[str, dict[str, str]] = {
    "organisations": {"records": "an account is one of the ways to sign in that people keep"},
    "access": {"rules": "permissions.py is the table of rules that all features share"},
    "pages": {
        "actions": "pages show what other features do",
        "rules": "pages decide nothing",
        "records": "pages keep nothing",
    },
}
DATA = {".json", ".csv", ".html", ".css", ".js", ".svg", ".txt", ".mako", ".woff2", ".yaml", ".typed"}


@pytest.fixture(scope="module")
def ours(pytestconfig: pytest.Config) -> list[tuple[str, str]]:
    return modules(pytestconfig.rootpath)


def test_modules_are_small(ours: list[tuple[str, str]]) -> None:
    lengths = {path: len(text.splitlines()) for path, text in ours}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}
    assert median(lengths.values()) <= MEDIAN


def test_every_module_begins_with_a_caption_of_one_line(ours: list[tuple[str, str]]) -> None:
    captions = {path: (ast.get_docstring(ast.parse(text)) or "") for path, text in ours}
    wrong = [path for path, words in captions.items() if not _is_caption(words)]
    assert wrong == []


def _is_caption(words: str) -> bool:
    first, *rest = words.split("\n")
    return 0 < len(first) <= CAPTION and first.endswith(".") and rest[:1] in ([], [""])


def test_every_feature_has_the_same_files(pytestconfig: pytest.Config) -> None:
    service = pytestconfig.rootpath / "service"
    features = {path.parent.name for path in service.glob("*/routes.py")}
    assert features == set(EXTRA)
    for name in features:
        found = {path.stem for path in (service / name).glob("*.py")} - {"__init__"}
        assert found == (FOUR - WITHOUT.get(name, {}).keys()) | EXTRA[name].keys(), name


def test_packages_say_one_line_and_hold_nothing(ours: list[tuple[str, str]]) -> None:
    """What a package offers is in its modules; an `__init__` that imports would join them."""
    heavy = [
        path
        for path, text in ours
        if path.endswith("__init__.py") and path != "migrations/__init__.py" and len(ast.parse(text).body) > 1
    ]
    assert heavy == []


def test_the_wheel_holds_every_module_and_data_file_and_no_test(pytestconfig: pytest.Config) -> None:
    root = pytestconfig.rootpath
    builder = WheelBuilder(str(root))
    held = {Path(file.distribution_path).as_posix() for file in builder.recurse_included_files()}
    files = [path for package in PACKAGES for path in (root / package).rglob("*") if path.is_file()]
    ours = {path.relative_to(root).as_posix() for path in files if path.suffix in {".py", *DATA}}
    assert {name for name in ours if "__pycache__" not in name} - held == set()
    assert {name.split("/")[0] for name in held} <= {*PACKAGES}
    other = {path.suffix for path in files if "__pycache__" not in path.parts} - {".py", *DATA}
    assert other == set(), "a new kind of data file: see that the wheel holds it"
