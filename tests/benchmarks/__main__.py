"""Runs every benchmark, each in a process of its own so that its memory is its own, and writes JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.figures import BENCHMARKS

SECONDS = 600


def main() -> int:
    """Run all, or with `--only NAME` one in this process; the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--only", choices=sorted(BENCHMARKS))
    asked = parser.parse_args()
    if asked.only:
        figures = BENCHMARKS[asked.only]()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        sys.stdout.write(json.dumps(figures | {"peak_rss_bytes": peak}) + "\n")
        return 0
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in sorted(BENCHMARKS):
        done = subprocess.run(  # this very module, no shell
            [sys.executable, "-m", "tests.benchmarks", "--only", name],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        figures = json.loads(done.stdout) | _machine()
        (asked.out / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
        sys.stdout.write(f"{name}: {json.dumps(figures)}\n")
    return 0


def _machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


if __name__ == "__main__":
    sys.exit(main())
