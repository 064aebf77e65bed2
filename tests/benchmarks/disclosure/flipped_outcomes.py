"""One person's outcome flipped, a thousand times: how many decisions change."""

from __future__ import annotations

from tests.benchmarks.measure import Budget, Figures, main
from tests.property.disclosure_history.test_outcomes_decide_nothing import DEEP, FLIPS, changed


def figures(scale: float) -> Figures:
    """Flips, each of four tables decided by all of `decide`, and how many changed anything."""
    flips = max(FLIPS, round(DEEP * scale / FLIPS) * FLIPS)
    return {"flips": flips, "changed": changed(flips)}


if __name__ == "__main__":
    main(figures, Budget("changed", 0, at_least=False))
