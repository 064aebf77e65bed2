"""Made files of England: three overlaps, three grades of dirt, five seeds."""

from __future__ import annotations

from itertools import product

from tests.benchmarks.linkage.compare import SEEDS, compared
from tests.benchmarks.linkage.one import DIRT, Case
from tests.benchmarks.measure import Figures, main

RECORDS = 10_000
OVERLAPS = (0.2, 0.5, 0.8)


def figures(scale: float) -> Figures:
    """What `tokens` lose against plaintext behind the same pairs."""
    size = max(500, round(RECORDS * scale))
    return compared(
        Case(size=size, overlap=overlap, dirt=dirt, seed=seed)
        for dirt, overlap, seed in product(DIRT, OVERLAPS, SEEDS)
    )


if __name__ == "__main__":
    main(figures)
