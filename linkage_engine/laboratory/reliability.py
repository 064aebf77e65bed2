"""Is the estimate of false links right: by weight, what decoys foretell against what is false in truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linkage_engine.laboratory.scores import Flags, Floats
from linkage_engine.link.competition import Judged, Sides
from linkage_engine.link.matching import Edges

EDGES = (-12.0, -8.0, -4.0, 0.0, 4.0, 8.0, 12.0, 16.0, 24.0)
"""Bits of match weight that part the bands; the outer two are open."""


@dataclass(frozen=True, slots=True)
class Band:
    """Winners between two files whose weights are from one edge to below the next; no edge is open."""

    at_least: float | None
    below: float | None
    pairs: int
    decoys: int
    expected_false_share: float
    true_false_share: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """The bands, lightest first, and all that is at the primary threshold or above it."""

    bands: tuple[Band, ...]
    linked: Band

    def as_text(self) -> str:
        """A table of text, one band a line."""
        heads = ("weight", "pairs", "decoys", "false, expected", "false, in truth")
        lines = [_line(*heads), *map(_row, self.bands), "", _row(self.linked)]
        return "\n".join(lines) + "\n"


def reliability(edges: Edges, sides: Sides, seen: Judged, is_true: Flags) -> Reliability:
    """The winners of the competition by weight; `is_true` says of every pair between the files if it is one.

    What is expected is the decoys of the band, each standing for as many false links as in the estimate that
    a run publishes, but without the one decoy that is added there.
    """
    across = sides.across(edges)
    true = np.zeros(len(across), dtype=np.bool_)
    true[across] = is_true
    targets, decoys = seen.best & across, seen.best & ~across
    each = seen.threshold.false_per_decoy

    def band(at_least: float | None, below: float | None) -> Band:
        inside = _inside(edges.weight, at_least, below)
        pairs, against = int((targets & inside).sum()), int((decoys & inside).sum())
        right = int((targets & inside & true).sum())
        share = min(1.0, against * each / pairs) if pairs else 0.0
        return Band(at_least, below, pairs, against, share, (pairs - right) / pairs if pairs else 0.0)

    bands = tuple(band(*ends) for ends in _ends())
    return Reliability(bands, band(seen.threshold.match_weight, None))


def _ends() -> Iterator[tuple[float | None, float | None]]:
    return zip((None, *EDGES), (*EDGES, None), strict=True)


def _inside(weight: Floats, at_least: float | None, below: float | None) -> Flags:
    low, high = -np.inf if at_least is None else at_least, np.inf if below is None else below
    inside: Flags = (weight >= low) & (weight < high)
    return inside


def _row(band: Band) -> str:
    low, high = ("" if end is None else f"{end:.1f}" for end in (band.at_least, band.below))
    shares = f"{band.expected_false_share:.4f}", f"{band.true_false_share:.4f}"
    return _line(f"{low} to {high}", str(band.pairs), str(band.decoys), *shares)


def _line(*cells: str) -> str:
    return "  ".join(cell.rjust(16) for cell in cells).rstrip()
