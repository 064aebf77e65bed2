"""How far a long step has come: a bar on a terminal, a line for each tenth elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import typer

TENTHS = 10
Told = Callable[[int], None]


@contextmanager
def progress(length: int, file: TextIO) -> Iterator[Told]:
    """Takes the number of bytes done, which rises to `length`, and shows it."""
    if not file.isatty():
        yield _lines(length, file)
        return
    with typer.progressbar(length=length, label="sending", file=file) as bar:
        yield lambda done: bar.update(done - bar.pos)


def _lines(length: int, file: TextIO) -> Told:
    shown = -1

    def tell(done: int) -> None:
        nonlocal shown
        tenths = TENTHS * done // length
        if tenths > shown:
            shown = tenths
            file.write(f"sent {done} of {length} bytes\n")
            file.flush()

    return tell
