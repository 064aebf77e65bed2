"""A question tried on synthetic data, by the laboratory, which is a program of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from linkage_engine.contract.query_spec import QuerySpec

EXAMPLES = Path(__file__).with_name("examples")
PROGRAM = "tre-evaluate"
NEEDED = ("duckdb", "flint", "splink")
"""What only the extra `laboratory` installs."""


def is_installed() -> bool:
    """Whether the laboratory can be run here."""
    return all(find_spec(name) is not None for name in NEEDED)


def laboratory(command: Literal["query", "sql"], asked: QuerySpec, *options: str) -> int:
    """Run a command of the laboratory on a question: it prints what it finds. Its exit code is given back."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "question.json"
        path.write_text(asked.to_json(), encoding="utf-8")
        line = [str(Path(sys.executable).with_name(PROGRAM)), command, str(path), *options]
        return subprocess.run(line, check=False, stdin=subprocess.DEVNULL).returncode  # noqa: S603  # our own, no shell
