"""How far each hidden cell can range, to its ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from scipy import sparse

from linkage_engine.disclosure.auditor.audit import Findings
from linkage_engine.disclosure.auditor.certificate import is_possible
from linkage_engine.disclosure.auditor.claim import UNKNOWN, Claim
from linkage_engine.disclosure.auditor.worlds import NEAR, Reals, Worlds


@dataclass(frozen=True)
class Range:
    """The least and the largest number that a hidden cell can have; no largest where there is no end.

    It is exact when tables in whole numbers reach both ends; else it is what the linear program allows,
    or, not having been asked, what checked tables reached.
    """

    low: int
    high: int | None
    exact: bool


def exact_ranges(claim: Claim, found: Findings, *, up_to: int) -> Mapping[int, Range]:
    """The range of every hidden cell, by two programs each where there are not too many."""
    hidden = np.flatnonzero(claim.most == UNKNOWN).tolist()
    if len(hidden) > up_to:
        return {cell: Range(int(found.low[cell]), int(found.high[cell]), exact=False) for cell in hidden}
    worlds = Worlds(claim)
    values = claim.values
    ranges: dict[int, Range] = {}
    lines = sparse.csr_array(claim.cells[:, worlds.free], dtype=np.float64)
    for cell in hidden:
        line = lines[[cell]].toarray().ravel()
        if not line.any():
            ranges[cell] = Range(int(values[cell]), int(values[cell]), exact=True)
            continue
        least, low_met = _end(worlds, line, sign=-1.0)
        most, high_met = _end(worlds, line, sign=1.0)
        ranges[cell] = Range(
            low=ceil(max(least, -values[cell]) + values[cell] - NEAR),
            high=None if np.isinf(most) else floor(most + values[cell] + NEAR),
            exact=low_met and high_met,
        )
    return ranges


def _end(worlds: Worlds, line: Reals, *, sign: float) -> tuple[float, bool]:
    """How far from the truth a cell can go one way, and whether a table in whole numbers goes there."""
    end = worlds.furthest(sign * line)
    if end is None:
        return sign * np.inf, True
    world = worlds.entire(end)
    met = world is not None and is_possible(worlds.claim, world)
    return float(line @ (end - worlds.truth)), met
