"""Runs every benchmark, each in a process of its own so that its memory is its own, and writes JSON."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.registry import BENCHMARKS, DISCLOSURE, LINKAGE

SECONDS, LONG_SECONDS = 600, 14_400
"""After which a benchmark is given up."""


def main() -> int:
    """Run all, or `--only NAME`; a budget that is not met is said and fails nothing.

    `--disclosure` runs those of docs/DISCLOSURE.md instead, `--linkage` those of docs/LINKAGE.md.
    """
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--only", choices=sorted({*BENCHMARKS, *DISCLOSURE, *LINKAGE}))
    parser.add_argument("--disclosure", action="store_true", help="the figures of docs/DISCLOSURE.md")
    parser.add_argument("--linkage", action="store_true", help="the figures of docs/LINKAGE.md")
    parser.add_argument("--scale", type=float, default=1.0, help="of the amount of data; budgets speak of 1")
    asked = parser.parse_args()
    chosen = DISCLOSURE if asked.disclosure else LINKAGE if asked.linkage else BENCHMARKS
    page = "--disclosure" if asked.disclosure else "--linkage" if asked.linkage else "those of every day"
    limit = SECONDS if chosen is BENCHMARKS else LONG_SECONDS
    if asked.only and asked.only not in chosen:
        parser.error(f"{asked.only} is not one of {page}")
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in [asked.only] if asked.only else sorted(chosen):
        found = _run(chosen[name], asked.scale, seconds=limit)
        (asked.out / f"{name}.json").write_text(json.dumps(found, indent=2) + "\n")
        sys.stdout.write(f"{name}: {json.dumps(found)}\n")
        for figure, held in found["budgets"].items():
            verdict = "met" if held["met"] else "NOT MET"
            line = f"{figure} {held['measured']:.4g}, {held['sense']} {held['limit']:.4g}: {verdict}"
            sys.stdout.write(f"{name}: {line}\n")
        sys.stdout.flush()
    return 0


def _run(module: str, scale: float, *, seconds: int) -> dict[str, dict[str, dict[str, float]]]:
    done = subprocess.run(  # one of this folder's modules, no shell
        [sys.executable, "-m", f"tests.benchmarks.{module}", "--scale", str(scale)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=seconds,
        check=True,
    )
    found: dict[str, dict[str, dict[str, float]]] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
