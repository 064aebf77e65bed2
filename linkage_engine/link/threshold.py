"""A threshold without truth: pairs within a file show how often pairs between files are false."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage_engine.contract.thresholds import Thresholds

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDS = 5
EVEN_ODDS = 0.0
"""The match weight, in bits, of a pair that is as likely false as true."""
APART = 5.0
"""Bits between the primary threshold and the strict and the lenient one: odds of one in thirty."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The match weight from which pairs are links, and the share of those that are false by estimate."""

    match_weight: float
    false_link_rate: float
    decoys: int = 0
    """Within-file edges at or above it."""


def mutual_best(left: Ints, right: Ints, weight: Floats, records: int) -> Flags:
    """Which edges are the best one of both their ends; equal weights are ordered by record number."""
    order = np.lexsort((right, left, -weight))
    first = np.full(records, len(order), dtype=np.int64)
    places = np.arange(len(order))
    np.minimum.at(first, left[order], places)
    np.minimum.at(first, right[order], places)
    best = np.zeros(len(order), dtype=np.bool_)
    best[order] = (first[left[order]] == places) & (first[right[order]] == places)
    return best


def chosen(targets: Floats, decoys: Floats, *, records_a: int, records_b: int) -> Threshold:
    """The threshold with the highest expected F1, by target-decoy competition.

    `targets` and `decoys` are the weights of mutual best edges between the files and within one. A file holds
    a person once, so a within-file edge that wins is false, and false edges between files are as frequent
    in proportion to the records that have no match: FP = d * 2 ua ub / (ua**2 + ub**2), where ua and ub are
    the records of each file beyond the N matches, and N = max(n - FP), found in five rounds. One decoy is
    added (Elias and Gygi 2007; the estimate is then not optimistic for few decoys), which is the limit of the
    method on small files: with few unmatched records in the smaller file and few decoys, the rate is coarse
    (never below one decoy's share) and the threshold falls on the lowest target above the highest decoys.
    Assumes that people in one file only resemble people in the other file only. A link is never made against
    the odds: few and faint targets may expect their best F1 far below a weight of 0, and none is taken there.
    """
    if not (targets >= EVEN_ODDS).any():
        return Threshold(EVEN_ODDS, 0.0)
    cuts = np.unique(targets)
    n = len(targets) - np.searchsorted(np.sort(targets), cuts, side="left").astype(np.float64)
    d = len(decoys) - np.searchsorted(np.sort(decoys), cuts, side="left") + 1.0
    matches = 0.0
    false = np.zeros_like(n)
    for _ in range(ROUNDS):
        ua, ub = max(records_a - matches, 0.0), max(records_b - matches, 0.0)
        squares = ua**2 + ub**2
        false = np.minimum(n, d * (2 * ua * ub / squares if squares else 0.0))
        matches = float((n - false).max())
    best = int(np.argmax(2 * (n - false) / (n + matches)))
    at = max(best, int(np.searchsorted(cuts, EVEN_ODDS)))
    return Threshold(float(cuts[at]), float(false[at] / n[at]), int(d[at]) - 1)


def three_levels(threshold: Threshold) -> Thresholds:
    """The chosen threshold as the primary one, with one stricter and one more lenient."""
    primary = threshold.match_weight
    return Thresholds(primary + APART, primary, primary - APART)
