"""What the benchmark and every peer's program agree on: two CSV files in, one JSON file out.

Run by the peer's own Python, so only the standard library is imported here. A pair is the row in the first
file, the row in the second, and the peer's score; the peer links the pairs that reach its threshold.
"""

from __future__ import annotations

import csv
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

Pair = tuple[int, int, float]
Rows = list[dict[str, str]]
MOST_BYTES = 12 * 2**30
"""Address space that a program may take."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a peer links, and the rule by which it does."""

    pairs: list[Pair]
    threshold: float
    rule: str
    wider: Callable[[], list[Pair]] | None = None
    """Pairs at lower thresholds as well, which nobody times: where the best threshold lies."""


def main(link: Callable[[Rows, Rows], Found], packages: Sequence[str], *, is_bounded: bool = True) -> None:
    """Links the files `A B`, writes `OUT`; `A B OUT alone` leaves the wider pairs out.

    Seconds are of linking alone, without imports and reading. A bound on memory is of no use to Java.
    """
    if is_bounded:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    a, b, out = (Path(name) for name in sys.argv[1:4])
    first, second = rows(a), rows(b)
    started = time.perf_counter()
    found = link(first, second)
    seconds, peak = time.perf_counter() - started, peak_rss_bytes()
    pairs = found.wider() if found.wider and "alone" not in sys.argv else found.pairs
    told = {
        "versions": {name: version(name) for name in packages},
        "rule": found.rule,
        "threshold": found.threshold,
        "pairs": pairs,
        "has_curve": pairs is not found.pairs,
        "seconds": seconds,
        "peak_rss_bytes": peak,
    }
    out.write_text(json.dumps(told))


def rows(path: Path) -> Rows:
    """The records of a file; what is missing is empty."""
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def peak_rss_bytes() -> int:
    """The largest this process has been, and with it its living helpers, or else the largest that ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return _peak("self") + max(ended, sum(_peak(child) for child in _descendants("self")))


def _descendants(pid: str) -> Iterator[str]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield child
            yield from _descendants(child)


def _peak(pid: str) -> int:
    """Of this program alone: what getrusage says counts whoever started it, too."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if "VmHWM" in line), 0)
