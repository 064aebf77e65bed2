"""`make mutants`: which small faults in disclosure control does no test see? JSON in build/mutants/."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

import highspy
import numpy as np
import pydantic
import pytest
from scipy import linalg, sparse

from tests.mutants.changes import Mutant, mutants
from tests.mutants.trial import Faulty, Map, at_import, draw, in_function, with_tests

LOADED = (highspy, linalg, np, pydantic, sparse)
"""What trials share when they part from this process; nothing of the package that is tried."""
PACKAGE = Path("linkage_engine/disclosure")
TESTS = (
    "tests/unit/disclosure",
    "tests/unit/disclosure_history",
    "tests/unit/disclosure_evidence",
    "tests/unit/disclosure_noise",
    "tests/property/disclosure",
    "tests/property/disclosure_history",
    "tests/integration/doors/test_look_back_through_the_doors.py",
    "tests/integration/doors/test_noise_through_the_doors.py",
    "tests/integration/doors/test_suppression_through_the_doors.py",
)
SLOW_SECONDS = 1.5
"""Longer tests are left out: a fault that they alone would see counts as not seen."""
BUDGET_SECONDS = 4.0
"""Of a fault's tests the quickest that take no longer together."""
LIMIT_SECONDS = 12
"""Of the processor, for a trial."""
OUT = Path("build/mutants")


def tests_of(mutant: Mutant, path: Path, drawn: Map) -> tuple[str, ...]:
    """The tests that run the lines of a fault, quickest first; at import, those that use its folder."""
    if mutant.in_function:
        lines = drawn.lines.get(str(path), {})
        numbers = range(mutant.first_line, mutant.last_line + 1)
        found = {each for number in numbers for each in lines.get(str(number), ())}
    else:
        files = [lines for file, lines in drawn.lines.items() if Path(file).parent == path.parent]
        found = {each for lines in files for tests in lines.values() for each in tests}
    quick = sorted(found, key=lambda each: drawn.seconds[each])
    so_far = np.cumsum([drawn.seconds[each] for each in quick])
    return tuple(quick[: int((so_far <= BUDGET_SECONDS).sum())])


def _chosen(path: Path, most: int, seed: int) -> tuple[list[Mutant], int]:
    """The mutants of a module, or so many drawn from them; and of how many."""
    every = list(mutants(path.read_text()))
    numbers = np.random.default_rng(seed).permutation(len(every))[: most or None]
    return [every[number] for number in sorted(numbers.tolist())], len(every)


def _tried(path: Path, mutant: Mutant, drawn: Map, session: pytest.Session | None) -> dict[str, object]:
    tests = tests_of(mutant, path, drawn)
    faulty = Faulty(path.resolve(), mutant.text, tests, LIMIT_SECONDS)
    trial = partial(in_function, session) if session else at_import
    became = trial(faulty) if tests else "survived"
    where = f"{path}:{mutant.first_line}"
    if became != "killed":
        sys.stdout.write(f"{became}: {where} ({mutant.kind}, {len(tests)} tests)\n{mutant.diff}\n")
        sys.stdout.flush()
    return {"at": where, "kind": mutant.kind, "outcome": became, "tests": len(tests), "diff": mutant.diff}


def _module(path: Path, session: pytest.Session | None, *, most: int, seed: int) -> None:
    """Try a module's mutants inside functions, or the others, and add what became of them to its file."""
    drawn = Map(**json.loads(_map().read_bytes()))
    chosen, count = _chosen(path, most, seed)
    results = [_tried(path, each, drawn, session) for each in chosen if each.in_function == bool(session)]
    out = OUT / f"{'.'.join(path.with_suffix('').parts)}.json"
    if not session and out.exists():
        results = json.loads(out.read_bytes())["results"] + results
    found = {"module": str(path), "seed": seed, "of": count, "results": results}
    out.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(f"{path}: {dict(Counter(str(each['outcome']) for each in results))} of {count}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Try the modules named, or all of the package, and say how many faults were seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", type=Path, help="files or folders")
    parser.add_argument("--most", type=int, default=0, help="so many mutants a module, drawn; 0 is all")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    files = [file for each in chosen.modules or [PACKAGE] for file in _files(each)]
    OUT.mkdir(parents=True, exist_ok=True)
    if not _map().exists():
        with_tests(TESTS, partial(draw, package=PACKAGE, out=_map(), cpu_seconds=SLOW_SECONDS))
    if not _map().exists():
        sys.stdout.write("mutants: the tests fail without any fault\n")
        return 1
    tried = partial(_module, most=chosen.most, seed=chosen.seed)

    def inside(session: pytest.Session) -> None:
        for path in files:
            tried(path, session)

    with_tests(TESTS, inside)
    for path in files:
        tried(path, None)
    return 0


def _map() -> Path:
    """Where the map of the package as it stands is kept."""
    text = b"".join(file.read_bytes() for file in _files(PACKAGE))
    return OUT / f"map-{sha256(text).hexdigest()[:12]}.json"


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
