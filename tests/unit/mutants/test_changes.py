"""The faults that `make mutants` plants, and that it tells a test that sees one from a test that does not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.mutants.changes import mutants

SOURCE = '''
LEAST = 10


def may_be_told(people: int, others: int) -> bool:
    """Whether there are enough."""
    return people >= LEAST and not others < LEAST
'''


def changed(source: str) -> set[str]:
    return {line[1:].strip() for each in mutants(source) for line in each.diff.splitlines() if line[0] == "+"}


def test_every_small_fault_of_a_module_is_planted_once() -> None:
    assert changed(SOURCE) == {
        "LEAST = 11",
        "LEAST = 9",
        "return None",
        "return people >= LEAST or not others < LEAST",
        "return people > LEAST and (not others < LEAST)",
        "return people >= LEAST and others < LEAST",
        "return people >= LEAST and (not others <= LEAST)",
    }


@pytest.mark.parametrize(
    ("sound", "faults"),
    [
        ("if a in b:\n    raise E", {"if not a in b:", "if a not in b:", "pass"}),
        ("x += min(a, b)", {"x -= min(a, b)", "x += max(a, b)", "pass"}),
        (
            "y = [n // 2 for n in c if n]",
            {"y = [n * 2 for n in c if n]"}
            | {f"y = [n // {each} for n in c if n]" for each in (1, 3)}
            | {"y = [n // 2 for n in c if not n]"},
        ),
        ("tolerance = 1e-06", {"tolerance = 9.999999999999999e-06", "tolerance = 1e-07"}),
        ("f(strict=True, lower=False)", {"f(strict=True, lower=True)", "pass"}),
        ("def f(a: 'int | None') -> 'int | str':\n    ...", set()),
    ],
)
def test_faults_of_each_kind(sound: str, faults: set[str]) -> None:
    assert changed(sound) == faults


def test_lines_of_a_fault_are_those_of_its_statement() -> None:
    found = {(each.first_line, each.in_function) for each in mutants(SOURCE)}
    assert found == {(2, False), (7, True)}


TRIED = """
from pathlib import Path
from tests.mutants.trial import Faulty, at_import, in_function, with_tests

test = "tests/unit/disclosure/test_primary_rules.py::test_nobody_and_enough_are_not_too_few"
path = Path("linkage_engine/disclosure/primary/concentration.py").resolve()
sound = path.read_text()
for text in (sound, sound.replace("0 < contributions.size", "0 <= contributions.size")):
    faulty = Faulty(path, text, (test,), 60)
    with_tests([test], lambda session: print(in_function(session, faulty), flush=True))
    print(at_import(faulty), flush=True)
"""


def test_a_fault_is_seen_in_either_way_and_a_sound_text_passes() -> None:
    command = [sys.executable, "-c", TRIED]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [each for each in said if each in {"survived", "killed"}] == [*["survived"] * 2, *["killed"] * 2]
