"""Every profile on the same people: made England, ordinary and very dirty, five seeds."""

from __future__ import annotations

from itertools import product

from tests.benchmarks.linkage.compare import SEEDS, compared
from tests.benchmarks.linkage.one import Case
from tests.benchmarks.measure import Figures, main

RECORDS = 5_000
PROFILES = ("tokens", "tokens-strict", "fuzzy", "bloom")


def figures(scale: float) -> Figures:
    """What each profile loses against plaintext behind the pairs of `tokens`."""
    size = max(500, round(RECORDS * scale))
    cases = (
        Case(size=size, dirt=dirt, seed=seed) for dirt, seed in product(("ordinary", "very dirty"), SEEDS)
    )
    return compared(cases, profiles=PROFILES)


if __name__ == "__main__":
    main(figures)
