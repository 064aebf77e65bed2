"""How often records of different people agree: u, from pairs within one file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from linkage_engine.link.engine import Database, Engine, engine_of
from linkage_engine.link.model import ELSE, SAME_DOB, Anchor, Comparison

SAMPLED_RECORDS = 1_500
"""Records of the larger file of which all pairs are looked at: about one million."""
MOST_ANCHORED_PAIRS = 300_000
PRIOR_PAIRS = 100.0
"""What the documented default weighs against counted pairs, so that no level is impossible."""

_JOINED_ON = {Anchor.DOB: ("dob",), Anchor.POSTCODE: ("postcode",), Anchor.BOTH: ("dob", "postcode")}


def with_chance(
    database: Database,
    records: pa.Table,
    comparisons: tuple[Comparison, ...],
    *,
    seed: int,
) -> tuple[Comparison, ...]:
    """The comparisons with u counted over pairs of different records of one file.

    A file holds a person once, so its pairs are non-matches, but for duplicates: the plain ones are left out
    here, before any weight is known, and the others are few. Anchored comparisons are
    counted over pairs that share the anchor: twins, families and households are in them as they are in life.
    """
    counted: dict[str, np.ndarray] = {}
    engine, apart = engine_of(database), _different(comparisons)
    for anchor in Anchor:
        asked = [c for c in comparisons if c.anchor is anchor and not c.u_is_fixed]
        if asked:
            counted |= _counts(
                engine, _sample(records, anchor, seed), asked, joined=_joined(anchor), different=apart
            )
    return tuple(_smoothed(c, counted[c.name]) if c.name in counted else c for c in comparisons)


def _sample(records: pa.Table, anchor: Anchor, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    if anchor is Anchor.NOTHING:
        size = min(SAMPLED_RECORDS, records.num_rows)
        return records.take(pa.array(np.sort(rng.choice(records.num_rows, size, replace=False))))
    pairs = min(_pairs_within(records[name]) for name in _JOINED_ON[anchor])
    if pairs <= MOST_ANCHORED_PAIRS:
        return records
    share = np.sqrt(MOST_ANCHORED_PAIRS / pairs)
    return records.filter(pa.array(rng.random(records.num_rows) < share))


def _pairs_within(column: pa.ChunkedArray) -> float:
    _, counts = np.unique(column.drop_null().to_numpy(), return_counts=True)
    return float((counts * (counts - 1.0)).sum() / 2)


def _counts(
    engine: Engine,
    sample: pa.Table,
    comparisons: list[Comparison],
    *,
    joined: str,
    different: str,
) -> dict[str, np.ndarray]:
    """Pairs on each level of each comparison; SQL is built from the model's own constants only."""
    levels = ", ".join(f"{_case(c)} AS {c.name}" for c in comparisons)
    sides = ", ".join(
        f"{side}.{name} AS {name}_{side}"
        for name in sample.column_names
        for side in "lr"
        if f"{name}_{side}" in levels + different
    )
    sums = ", ".join(
        f"count(*) FILTER (WHERE {c.name} = {at}) AS {c.name}_{at}"
        for c in comparisons
        for at in range(len(c.levels))
    )
    engine.show("chance_records", sample)
    try:
        # No identifier here comes from outside the model.
        sql = (
            f"WITH pairs AS (SELECT {sides} FROM chance_records l JOIN chance_records r "  # noqa: S608
            f"ON {joined} AND l.unique_id < r.unique_id), "
            f"levels AS (SELECT {levels} FROM pairs WHERE {different}) SELECT {sums} FROM levels"
        )
        row = [counts[0] for counts in engine.columns(sql).values()]
    finally:
        engine.forget(["chance_records"])
    edges = np.cumsum([len(c.levels) for c in comparisons])[:-1]
    parts = np.split(np.array(row, dtype=np.float64), edges)
    return {c.name: part for c, part in zip(comparisons, parts, strict=True)}


def _joined(anchor: Anchor) -> str:
    return " AND ".join(f"l.anchor_{name} = r.anchor_{name}" for name in _JOINED_ON.get(anchor, ())) or "true"


def _different(comparisons: tuple[Comparison, ...]) -> str:
    """Two records of one name and day of birth whose postcodes do not differ are one person, repeated."""
    same_names = next((c.levels[0].sql for c in comparisons if c.anchor is Anchor.BOTH), "false")
    moved = "coalesce(anchor_postcode_l <> anchor_postcode_r, false)"
    return f"NOT ({SAME_DOB} AND coalesce({same_names}, false) AND NOT {moved})"


def _case(comparison: Comparison) -> str:
    when = " ".join(
        f"WHEN {level.sql} THEN {at}" for at, level in enumerate(comparison.levels) if level.sql != ELSE
    )
    return f"CASE WHEN {comparison.null_sql} THEN NULL {when} ELSE {len(comparison.levels) - 1} END"


def _smoothed(comparison: Comparison, counts: np.ndarray) -> Comparison:
    default = np.array([level.u for level in comparison.levels])
    u = (counts + PRIOR_PAIRS * default / default.sum()) / (counts.sum() + PRIOR_PAIRS)
    levels = tuple(replace(level, u=float(p)) for level, p in zip(comparison.levels, u, strict=True))
    return replace(comparison, levels=levels)
