"""What can be said of how well two files were linked, without truth: errors, weights, who cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from linkage_engine.contract.thresholds import WEIGHT_EDGES
from linkage_engine.link.assignment import one_to_one
from linkage_engine.link.competition import Judged, Sides, judged
from linkage_engine.link.engine import Database, engine_of
from linkage_engine.link.fields import SAME_FAMILY_AT_POSTCODE
from linkage_engine.link.matching import Edges, prior_bits
from linkage_engine.link.model import ELSE, Comparison, PairModel
from linkage_engine.link.names import NEARLY
from linkage_engine.link.threshold import Curve, Flags, Floats, Ints, Outcome

NHS_NUMBER = "nhs_number"
Counts = tuple[int, ...]
OF_ITSELF = {SAME_FAMILY_AT_POSTCODE: "true", NEARLY: "false"}
"""What lists say of a record and itself, whatever was left of them: its names tell that they are equal."""


@dataclass(frozen=True, slots=True, repr=False)
class Numbered:
    """The linkage with the NHS number withheld from the model, where both records of a pair have one."""

    pairs: int
    """Numbers that both files hold: pairs that are one person's."""
    links: int
    """Links between two records with a number."""
    correct: int
    """Those of them whose numbers are the same."""


@dataclass(frozen=True, slots=True, repr=False)
class Levels:
    """The strict and the lenient weight, the links from each on, and the share of those that are false."""

    strict: float
    links_strict: int
    false_rate_strict: float
    lenient: float
    links_lenient: int
    false_rate_lenient: float


@dataclass(frozen=True, slots=True, repr=False)
class PairQuality:
    """What the quality report tells of two files; exact, and so inside only."""

    outcome: str
    is_settled: bool
    levels: Levels
    pair_weights: Counts
    """Best pairs between the files by match weight: below the first edge, between two, from the last on."""
    decoy_weights: Counts
    """The same of the best pairs within a file."""
    unlinkable_a: int
    """Records that could not reach the threshold though another record agreed with all they have."""
    unlinkable_b: int
    duplicates_a: int
    duplicates_b: int
    matches_at_least: float
    numbered_pairs: int
    numbered_links: int
    numbered_correct: int


def links_at(weight: float, edges: Edges, seen: Judged, sides: Sides) -> Ints:
    """The places of the links that a one-to-one assignment makes from a match weight on."""
    places = np.flatnonzero(sides.across(edges) & (edges.weight >= weight))
    left, right = seen.persons[edges.left[places]], seen.persons[edges.right[places]]
    kept: Ints = places[one_to_one(left, right, edges.weight[places])]
    return kept


def false_rate(curve: Curve, weight: float) -> float:
    """The share of the links from a match weight on that are false by estimate."""
    at = int(np.searchsorted(curve.match_weight, weight))
    return float(curve.false[at] / curve.links[at]) if at < len(curve.links) else 0.0


def levels_of(strict: float, lenient: float, edges: Edges, seen: Judged, sides: Sides) -> Levels:
    """Links and estimated false links at the strict and the lenient weight."""
    if seen.threshold.outcome is Outcome.NO_OVERLAP:
        return Levels(strict, 0, 0.0, lenient, 0, 0.0)
    # The heaviest pairs are taken first: links of a higher weight are the first of those of a lower one.
    found = edges.weight[links_at(lenient, edges, seen, sides)]
    return Levels(
        strict=strict,
        links_strict=int((found >= strict).sum()),
        false_rate_strict=false_rate(seen.curve, strict),
        lenient=lenient,
        links_lenient=len(found),
        false_rate_lenient=false_rate(seen.curve, lenient),
    )


def weights(edges: Edges, which: Flags) -> Counts:
    """How many pairs lie below the first edge, between each two, and from the last on."""
    places = np.searchsorted(WEIGHT_EDGES, edges.weight[which], side="right")
    return tuple(np.bincount(places, minlength=len(WEIGHT_EDGES) + 1).tolist())


def numbered(edges: Edges, sides: Sides, numbers: pa.Array) -> Numbered:
    """How well the other fields alone link records that have a number; the edges weigh nothing of it.

    A threshold is chosen anew, in the same way. The pairs are those that were looked at with the number.
    """
    has = numbers.is_valid().to_numpy(zero_copy_only=False)
    number = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    size = sides.records_a
    both = np.intersect1d(number[:size][has[:size]], number[size:][has[size:]]).size
    seen = judged(edges, sides)
    if seen.threshold.outcome is Outcome.NO_OVERLAP:
        return Numbered(both, 0, 0)
    kept = links_at(seen.threshold.match_weight, edges, seen, sides)
    left, right = edges.left[kept], edges.right[kept]
    known = has[left] & has[right]
    return Numbered(both, int(known.sum()), int((number[left] == number[right])[known].sum()))


def reach(database: Database, records: pa.Table, model: PairModel) -> Floats:
    """For each record the match weight with one that agrees in everything it has.

    Values count as common as usual. Lists were cut down to tokens that others have, so that agreement in
    them is taken for granted: the weight is rather too high, and fewer records seem to lack information.
    """
    columns = [name for name in records.column_names if name != "unique_id"]
    sides = ", ".join(f"{name} AS {name}_l, {name} AS {name}_r" for name in columns)
    total = " + ".join(_reached(comparison) for comparison in model.comparisons)
    source = f"(SELECT unique_id, {sides} FROM linkage_reach)"  # noqa: S608 - the model's own words
    text = f"SELECT {total} AS reach FROM {source} ORDER BY unique_id"  # noqa: S608 - the same
    engine = engine_of(database)
    engine.show("linkage_reach", records)
    try:
        found = engine.columns(text)["reach"].astype(np.float64)
    finally:
        engine.forget(["linkage_reach"])
    return found + prior_bits(model.records)


def _reached(comparison: Comparison) -> str:
    return f"CASE {' '.join(_cases(comparison))} END"


def _cases(comparison: Comparison) -> Iterator[str]:
    # With an exponent, so that every engine takes them for floating-point numbers.
    says = [float(np.log2(level.m / level.u)) for level in comparison.levels]
    yield f"WHEN {_with_itself(comparison.null_sql)} THEN 0e0"
    for level, bits in zip(comparison.levels, says, strict=True):
        if level.sql != ELSE:
            yield f"WHEN {_with_itself(level.sql)} THEN {bits:.16e}"
    yield f"ELSE {max(says):.16e}"


def _with_itself(sql: str) -> str:
    for condition, answer in OF_ITSELF.items():
        sql = sql.replace(condition, answer)
    return sql
