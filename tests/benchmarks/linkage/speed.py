"""Seconds and memory of large linkages: 2 x 100,000, 2 x 500,000 and 2 x 1,000,000 records."""

from __future__ import annotations

from tests.benchmarks.linkage.one import Case, measured
from tests.benchmarks.measure import Figures, main

SIZES = {"tokens": (100_000, 500_000, 1_000_000), "plaintext": (100_000, 500_000)}


def figures(scale: float) -> Figures:
    """One run of each, with NHS numbers; decoys are in the seconds."""
    runs = [
        measured(Case(profile=profile, layout="numbered", size=max(1000, round(size * scale))))
        for profile, sizes in SIZES.items()
        for size in sizes
    ]
    return {"runs": runs}


if __name__ == "__main__":
    main(figures)
