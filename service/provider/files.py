"""Files that the tool leaves with the provider: new ones only, for their owner alone."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from service.problems.provider_tool import OutputExists
from service.problems.tools import KeyFolderUnusable
from service.provider.persons import Persons

COUNTERS = "counters"
"""A folder in the key folder: for each project the counter of the last delivery that was sealed."""
HISTORY = "history"
"""A folder beside it: for each project what to compare the next delivery with."""


def next_counter(keys: Path, project_id: str) -> int:
    """One more than the last delivery to the project that was sealed with this key folder."""
    try:
        return int((keys / COUNTERS / project_id).read_text(encoding="ascii")) + 1
    except FileNotFoundError:
        return 1
    except ValueError:
        raise KeyFolderUnusable from None


def keep_counter(keys: Path, project_id: str, counter: int) -> None:
    """Remember the counter of a delivery that was sealed; it never falls."""
    folder = keys / COUNTERS
    folder.mkdir(mode=0o700, exist_ok=True)
    highest = max(counter, next_counter(keys, project_id) - 1)
    (folder / project_id).write_text(f"{highest}\n", encoding="ascii")


def write_person_keys(persons: Persons, path: Path) -> None:
    """Write which person key stands for which local person id, to a new file that only its owner reads."""
    with new_file(path) as file, TextIOWrapper(file, encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(("local_person_id", "person_key"))
        writer.writerows(zip(persons.local_ids.to_pylist(), persons.keys.to_pylist(), strict=True))


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner reads; it is removed again when anything fails."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise OutputExists from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        path.unlink()
        raise
