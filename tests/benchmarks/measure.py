"""What every benchmark shares: seconds, medians of turns, budgets, and its JSON."""

from __future__ import annotations

import argparse
import json
import operator
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a figure is held to: a least or a greatest value."""

    figure: str
    limit: float
    at_least: bool = True

    def held(self, value: float) -> dict[str, float | bool | str]:
        """The figure against its limit."""
        within = operator.ge if self.at_least else operator.le
        sense = "at least" if self.at_least else "at most"
        met, ratio = within(value, self.limit), value / self.limit if self.limit else value
        return {"measured": value, "sense": sense, "limit": self.limit, "ratio": ratio, "met": met}


def seconds(act: Callable[[], object]) -> float:
    """How long an act takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def medians(*acts: Callable[[], object], turns: int) -> tuple[float, ...]:
    """The median seconds of each act, taken in turns, so that a busy minute falls on all of them."""
    taken = [[seconds(act) for act in acts] for _ in range(turns)]
    return tuple(statistics.median(times) for times in zip(*taken, strict=True))


def peak_rss_bytes() -> int:
    """The largest this process has been."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(figures: Callable[[float], Figures], *budgets: Budget) -> None:
    """Measure at the scale asked for and print JSON; budgets speak of scale 1 alone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    found = figures(scale) | {"peak_rss_bytes": peak_rss_bytes()}
    held = {budget.figure: budget.held(float(str(found[budget.figure]))) for budget in budgets}
    text = json.dumps(found | {"scale": scale, "budgets": held} | _machine())
    sys.stdout.write(text + "\n")


def _machine() -> Figures:
    return {
        "processor_seconds": time.process_time(),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
