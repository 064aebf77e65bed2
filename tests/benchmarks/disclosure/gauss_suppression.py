"""Cells hidden and seconds beside what GaussSuppression 1.2.3 (R) hides of the same tables."""

from __future__ import annotations

import time
from pathlib import Path

from tests.benchmarks.measure import Budget, Figures, main
from tests.outside_checks import data_at
from tests.unit.disclosure.audited import audited, read, suppressed
from tests.vectors.disclosure.test_gauss_suppression import AT_MOST, PATTERNS, theirs

ROOT = Path(__file__).parents[3]


def figures(scale: float) -> Figures:
    """For each pattern, at any scale, cells unsafe and hidden, theirs, and whether ours are safe.

    Without the outside tables nothing is measured.
    """
    folder = data_at(ROOT) / "disclosure"
    found: list[Figures] = []
    for table, pattern, dimensions, largest_unsafe, zeros in PATTERNS if folder.is_dir() else ():
        data, numbers = read(folder / table, "ant")
        worked = time.process_time()
        ours = suppressed(dimensions, data, numbers, threshold=largest_unsafe + 1, zeros=zeros)
        worked = time.process_time() - worked
        hidden = len(theirs(folder / pattern, dimensions, data)[1])
        found.append(
            {
                "pattern": pattern.removesuffix(".csv"),
                "unsafe": len(ours.unsafe),
                "hidden": len(ours.hidden),
                "gauss_suppression": hidden,
                "ratio": len(ours.hidden) / hidden,
                "safe": audited(dimensions, data, numbers, ours.hidden).safe,
                "processor_seconds": worked,
            }
        )
    ratios = [float(str(each["ratio"])) for each in found]
    return {"there": folder.is_dir(), "patterns": found, "largest_ratio": max(ratios, default=0.0)}


if __name__ == "__main__":
    main(figures, Budget("largest_ratio", AT_MOST, at_least=False))
