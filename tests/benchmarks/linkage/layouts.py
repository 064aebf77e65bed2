"""Files of other shapes: a made-up country, no home at all, fields at one side only, NHS numbers."""

from __future__ import annotations

from itertools import product

from tests.benchmarks.linkage.compare import SEEDS, compared
from tests.benchmarks.linkage.one import Case
from tests.benchmarks.measure import Figures, main

RECORDS = 5_000


def figures(scale: float) -> Figures:
    """What `tokens` lose against plaintext behind the same pairs."""
    size = max(500, round(RECORDS * scale))
    return compared(
        Case(layout=layout, size=size, dirt=dirt, seed=seed)
        for layout, dirt, seed in product(
            ("numbered", "census", "sparse", "uneven"), ("ordinary", "very dirty"), SEEDS
        )
    )


if __name__ == "__main__":
    main(figures)
