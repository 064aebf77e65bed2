"""FEBRL's people (Christen and others): data set 4, and the originals and first copies of the other three."""

from __future__ import annotations

from tests.benchmarks.linkage.compare import compared
from tests.benchmarks.linkage.one import FEBRL, Case
from tests.benchmarks.measure import Figures, main


def figures(scale: float) -> Figures:
    """What every profile finds; the national number is withheld. Nothing where `make outside` was not run."""
    del scale
    if not FEBRL.is_dir():
        return {"summary": [], "runs": []}
    cases = [Case(layout=f"febrl{number}", size=0, dirt="", overlap=0.0) for number in (4, 1, 2, 3)]
    return compared(cases, profiles=("tokens", "tokens-strict", "fuzzy", "bloom"))


if __name__ == "__main__":
    main(figures)
