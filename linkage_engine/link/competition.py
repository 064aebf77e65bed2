"""Pairs between two files compete with those within: which win, which are duplicates, where links begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage_engine.link.duplicates import duplicates, persons_of
from linkage_engine.link.matching import Edges
from linkage_engine.link.threshold import Curve, Flags, Floats, Ints, Threshold, chosen, curve_of, mutual_best


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
    persons: Ints
    """Of each record the least number of those it is a duplicate of: its own where it is none."""
    threshold: Threshold
    curve: Curve


def judged(edges: Edges, sides: Sides) -> Judged:
    """Duplicates are set aside first; then the best pairs within the files are decoys for those between."""
    doubled, across = sides.duplicates(edges), sides.across(edges)
    records = sides.records_a + sides.records_b
    persons = persons_of(edges.left[doubled], edges.right[doubled], records)
    left, right = persons[edges.left], persons[edges.right]
    rivals = np.where(left == right, -np.inf, edges.weight)
    best = mutual_best(left, right, rivals, records) & (left != right)
    best &= _first_of_its_persons(left, right, rivals, best)
    targets, decoys = edges.weight[best & across], edges.weight[best & ~across]
    alone = persons == np.arange(records)
    in_a = int(alone[: sides.records_a].sum())
    sizes = {"records_a": in_a, "records_b": int(alone.sum()) - in_a}
    curve, _ = curve_of(targets, decoys, **sizes)
    return Judged(best, doubled, persons, chosen(targets, decoys, **sizes), curve)


def _first_of_its_persons(left: Ints, right: Ints, weight: Floats, best: Flags) -> Flags:
    """Of the winning pairs of two persons, who may have several records each, the heaviest and first."""
    places = np.flatnonzero(best)
    order = places[np.lexsort((places, -weight[places]))]
    _, first = np.unique(left[order] << 32 | right[order], return_index=True)
    kept: Flags = np.zeros(len(left), dtype=np.bool_)
    kept[order[first]] = True
    return kept
