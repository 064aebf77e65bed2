"""Pairs between two files compete with those within: which win, which are duplicates, where links begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage_engine.link.duplicates import duplicates
from linkage_engine.link.matching import Edges
from linkage_engine.link.threshold import Curve, Flags, Threshold, chosen, curve_of, mutual_best


@dataclass(frozen=True, slots=True)
class Sides:
    """Two files, whose records are numbered through, and the bits of odds that every weight begins with."""

    records_a: int
    records_b: int
    prior_bits: float

    def across(self, edges: Edges) -> Flags:
        """Which pairs go from one file to the other."""
        return (edges.left < self.records_a) & (edges.right >= self.records_a)

    def duplicates(self, edges: Edges) -> Flags:
        """Which pairs within a file are one person."""
        found: Flags = np.zeros(len(edges.left), dtype=np.bool_)
        within_a, within_b = edges.right < self.records_a, edges.left >= self.records_a
        for inside, records in ((within_a, self.records_a), (within_b, self.records_b)):
            at = np.flatnonzero(inside)
            found[at] = duplicates(
                edges.left[at], edges.right[at], edges.weight[at], records=records, prior=self.prior_bits
            )
        return found


@dataclass(frozen=True, slots=True, repr=False)
class Judged:
    """Pairs after the competition."""

    best: Flags
    """Best of both their ends, among those that are not duplicates."""
    duplicates: Flags
    threshold: Threshold
    curve: Curve


def judged(edges: Edges, sides: Sides) -> Judged:
    """Duplicates are set aside first; then the best pairs within the files are decoys for those between."""
    doubled, across = sides.duplicates(edges), sides.across(edges)
    rivals = np.where(doubled, -np.inf, edges.weight)
    best = mutual_best(edges.left, edges.right, rivals, sides.records_a + sides.records_b) & ~doubled
    targets, decoys = edges.weight[best & across], edges.weight[best & ~across]
    sizes = {"records_a": sides.records_a, "records_b": sides.records_b}
    curve, _ = curve_of(targets, decoys, **sizes)
    return Judged(best, doubled, chosen(targets, decoys, **sizes), curve)
