"""Running the service's own commands as people would, and keeping what they printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT_SECONDS = 300.0
PATIENCE_SECONDS = 0.25


class StepFailed(Exception):
    """A command of the demo did not do what it had to; the message is what the command said."""


@dataclass
class Journal:
    """What was run, what it printed and how long it took."""

    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Time one step and say that it begins and ends."""
        print(f"{title} ...", flush=True)
        started = time.perf_counter()
        yield
        self.seconds[title] = time.perf_counter() - started
        print(f"{title}: {self.seconds[title]:.1f} s", flush=True)

    def run(self, tool: str, *arguments: str | Path, expect: int = 0) -> str:
        """Run a command of this installation and return what it printed.

        Everything it printed is appended to `commands.txt`. Raises StepFailed for another
        exit code than expected.
        """
        done = subprocess.run(  # noqa: S603  # our own commands, no shell
            [program(tool), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        with (self.folder / "commands.txt").open("a") as file:
            shown = " ".join([tool, *map(str, arguments)])
            file.write(f"$ {shown}\n{done.stdout}{done.stderr}exit code {done.returncode}\n\n")
        if done.returncode != expect:
            raise StepFailed(f"{tool} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout if expect == 0 else done.stderr

    def ask(self, tool: str, *arguments: str | Path) -> Any:  # noqa: ANN401  # JSON
        """The JSON that a command printed."""
        return json.loads(self.run(tool, *arguments))


def program(tool: str) -> str:
    """The path of a command in the environment that runs the demo."""
    return str(Path(sys.executable).with_name(tool))


@contextmanager
def service_up(home: Path, log: Path) -> Iterator[subprocess.Popen[str]]:
    """The five processes, ready; ended at the end. Raises StepFailed when they do not come up."""
    with log.open("w") as file:
        process = subprocess.Popen(  # noqa: S603  # our own command, no shell
            [program("tre-operate"), "up", str(home)],
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        _wait_until_ready(process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_ready(process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS / 3
    while "ready" not in log.read_text().split():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StepFailed(f"the service did not come up:\n{log.read_text()}")
        time.sleep(PATIENCE_SECONDS)


def wait_for(question: str, answer: Iterator[bool]) -> None:
    """Ask until the answer is yes, for a bounded time; raises StepFailed naming the question."""
    deadline = time.monotonic() + LIMIT_SECONDS / 2
    for yes in answer:
        if yes:
            return
        if time.monotonic() > deadline:
            break
        time.sleep(PATIENCE_SECONDS)
    raise StepFailed(f"waited in vain: {question}")
