"""A threshold without truth: pairs within a file show how often pairs between files are false."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from linkage_engine.contract.thresholds import Thresholds

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDS = 5
EVEN_ODDS = 0.0
"""The match weight, in bits, of a pair that the model takes to be as likely false as true."""
FEW_RECORDS = 100
"""Of the smaller file: fewer records have too few decoys to tell anything."""
SURELY = 5.0
"""Standard errors by which links must outnumber what decoys foretell, for an overlap to be seen at all."""
ONE_SIDED = 0.1
"""False links a decoy stands for, below which nearly all of the smaller file has a match."""
AGAINST_ODDS = 0.1
"""The share of the links below even odds that may be false by the decoys, for any to be made there."""
STRICT_RATE = 0.001
LEAST_TRUE = 0.2
"""At the lenient threshold one further link in five is true."""


class Outcome(StrEnum):
    """How the threshold came about."""

    CHOSEN = "chosen"
    """The best expected F1 by the decoys."""
    FEW_RECORDS = "few-records"
    """Too few records for decoys to speak: even odds of the model, which nothing confirms."""
    NO_OVERLAP = "no-overlap"
    """Pairs between the files are no better than those within: nobody is seen in both; nothing is linked."""


@dataclass(frozen=True, slots=True)
class Curve:
    """By rising match weight: the links from it on, how many of them are false, and the F1 expected."""

    match_weight: Floats
    links: Floats
    false: Floats
    expected_f1: Floats

    def thinned(self, points: int) -> Curve:
        """At most so many points, the first and the last among them."""
        at = np.unique(
            np.linspace(0, len(self.links) - 1, min(points, len(self.links))).round().astype(np.int64)
        )
        return Curve(self.match_weight[at], self.links[at], self.false[at], self.expected_f1[at])


@dataclass(frozen=True, slots=True)
class Threshold:
    """The match weight from which pairs are links, and the share of those that are false by estimate."""

    match_weight: float
    false_link_rate: float
    decoys: int = 0
    """Within-file edges at or above it."""
    outcome: Outcome = Outcome.CHOSEN
    false_per_decoy: float = 1.0
    """How many false links each of them stands for."""
    strict: float = EVEN_ODDS
    lenient: float = EVEN_ODDS


def mutual_best(left: Ints, right: Ints, weight: Floats, records: int) -> Flags:
    """Which edges are the best one of both their ends; equal weights are ordered by record number."""
    heaviest = np.full(records, -np.inf)
    np.maximum.at(heaviest, left, weight)
    np.maximum.at(heaviest, right, weight)
    number = left << 32 | right
    first = np.full(records, np.iinfo(np.int64).max)
    for end in (left, right):
        tied = weight == heaviest[end]
        np.minimum.at(first, end[tied], number[tied])
    best: Flags = (first[left] == number) & (first[right] == number)
    return best


def curve_of(targets: Floats, decoys: Floats, *, records_a: int, records_b: int) -> tuple[Curve, float]:
    """What to expect of every threshold, by target-decoy competition; and the false links a decoy stands for.

    `targets` and `decoys` are the weights of mutual best edges between the files and within one. A file holds
    a person once, its duplicates set aside, so a within-file edge that wins is false, and false edges between
    files are as frequent in proportion to the records that have no match: FP = d * 2 ua ub / (ua**2 + ub**2),
    where ua and ub are the records of each file beyond the N matches, and N = max(n - FP), found in five
    rounds. One decoy is added (Elias and Gygi 2007; the estimate is then not optimistic for few decoys): the
    rate is never below one decoy's share. Assumes that people in one file only resemble people in the other
    file only.
    """
    cuts, n = _from_each(targets)
    d = len(decoys) - np.searchsorted(np.sort(decoys), cuts, side="left") + 1.0
    matches, ratio, false = 0.0, 1.0, np.zeros_like(n)
    for _ in range(ROUNDS):
        ua, ub = max(records_a - matches, 0.0), max(records_b - matches, 0.0)
        squares = ua**2 + ub**2
        ratio = 2 * ua * ub / squares if squares else 0.0
        false = np.minimum(n, d * ratio)
        matches = float((n - false).max(initial=0.0))
    f1 = 2 * (n - false) / np.maximum(n + matches, 1.0)
    return Curve(cuts, n, false, f1), ratio


def chosen(targets: Floats, decoys: Floats, *, records_a: int, records_b: int) -> Threshold:
    """The threshold with the highest expected F1, with a stricter and a more lenient one from the same curve.

    Links are made against the odds of the model only where the decoys foretell hardly any false ones among
    them, and can: not where they are of one file alone, in which other fields may be missing.
    Strict: the lowest weight from which one link in a thousand is false, or that is above every decoy.
    Lenient: the weight down to which one further link in five is true.
    """
    curve, ratio = curve_of(targets, decoys, records_a=records_a, records_b=records_b)
    if min(records_a, records_b) < FEW_RECORDS:
        return _even_odds(curve, decoys, ratio)
    if not _is_overlap(curve):
        return Threshold(EVEN_ODDS, 0.0, outcome=Outcome.NO_OVERLAP, false_per_decoy=ratio)
    allowed = _is_allowed(curve, is_one_sided=ratio < ONE_SIDED)
    if not allowed.any():
        return Threshold(EVEN_ODDS, 0.0, false_per_decoy=ratio)
    best = int(np.argmax(np.where(allowed, curve.expected_f1, -np.inf)))
    rate = curve.false / curve.links
    top = decoys.max(initial=-np.inf)
    safe = (rate <= STRICT_RATE) | (curve.match_weight > top)
    strict = max(best, int(np.argmax(safe))) if safe.any() else len(rate) - 1
    lenient = min(best, int(np.argmax(curve.links - curve.false / (1 - LEAST_TRUE))))
    weight = float(curve.match_weight[best])
    return Threshold(
        weight,
        float(rate[best]),
        int((decoys >= weight).sum()),
        false_per_decoy=ratio,
        strict=float(curve.match_weight[strict]),
        lenient=float(curve.match_weight[lenient]),
    )


def three_levels(threshold: Threshold) -> Thresholds:
    """The chosen threshold as the primary one, with one stricter and one more lenient."""
    return Thresholds(threshold.strict, threshold.match_weight, threshold.lenient)


def _from_each(targets: Floats) -> tuple[Floats, Floats]:
    """The distinct weights, rising, and how many targets each of them lets in."""
    cuts = np.unique(targets)
    return cuts, len(targets) - np.searchsorted(np.sort(targets), cuts, side="left").astype(np.float64)


def _is_allowed(curve: Curve, *, is_one_sided: bool) -> Flags:
    """Which weights may be the threshold: from even odds on, and below as far as the decoys bear it out."""
    at = int(np.searchsorted(curve.match_weight, EVEN_ODDS))
    favoured = np.arange(len(curve.links)) >= at
    if is_one_sided:
        return favoured
    links, false = (float(each[at]) if at < len(each) else 0.0 for each in (curve.links, curve.false))
    allowed: Flags = favoured | (curve.false - false <= AGAINST_ODDS * (curve.links - links))
    return allowed


def _is_overlap(curve: Curve) -> bool:
    """Whether more links than chance allows lie above some weight: both counts vary, the decoys' as well."""
    return bool((curve.links - curve.false > SURELY * np.sqrt(2 * curve.false)).any())


def _even_odds(curve: Curve, decoys: Floats, ratio: float) -> Threshold:
    at = int(np.searchsorted(curve.match_weight, EVEN_ODDS))
    if at == len(curve.links):
        return Threshold(EVEN_ODDS, 0.0, outcome=Outcome.FEW_RECORDS, false_per_decoy=ratio)
    weight = float(curve.match_weight[at])
    rate = float(curve.false[at] / curve.links[at])
    decoys_above = int((decoys >= weight).sum())
    return Threshold(weight, rate, decoys_above, Outcome.FEW_RECORDS, ratio, weight, weight)
