"""How often records of different people agree: u, from pairs within one file."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa

from linkage_engine.link.model import ELSE, Anchor, Comparison

SAMPLED_RECORDS = 1_500
"""Records of the larger file of which all pairs are looked at: about one million."""
MOST_ANCHORED_PAIRS = 2_000_000
PRIOR_PAIRS = 100.0
"""What the documented default weighs against counted pairs, so that no level is impossible."""


def with_chance(
    connection: duckdb.DuckDBPyConnection,
    records: pa.Table,
    comparisons: tuple[Comparison, ...],
    *,
    seed: int,
) -> tuple[Comparison, ...]:
    """The comparisons with u counted over pairs of different records of one file.

    A file holds a person once, so its pairs are non-matches, but for duplicates. Anchored comparisons are
    counted over pairs that share the anchor: twins, families and households are in them as they are in life.
    """
    counted: dict[str, np.ndarray] = {}
    for anchor in Anchor:
        asked = [c for c in comparisons if c.anchor is anchor and not c.u_is_fixed]
        counted |= _counts(connection, _sample(records, anchor, seed), anchor, asked)
    return tuple(_smoothed(c, counted[c.name]) if c.name in counted else c for c in comparisons)


def _sample(records: pa.Table, anchor: Anchor, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    if anchor is Anchor.NOTHING:
        size = min(SAMPLED_RECORDS, records.num_rows)
        return records.take(pa.array(np.sort(rng.choice(records.num_rows, size, replace=False))))
    values = records[anchor.value].drop_null().to_numpy()
    _, counts = np.unique(values, return_counts=True)
    pairs = float((counts * (counts - 1.0)).sum() / 2)
    if pairs <= MOST_ANCHORED_PAIRS:
        return records
    share = np.sqrt(MOST_ANCHORED_PAIRS / pairs)
    return records.filter(pa.array(rng.random(records.num_rows) < share))


def _counts(
    connection: duckdb.DuckDBPyConnection, sample: pa.Table, anchor: Anchor, comparisons: list[Comparison]
) -> dict[str, np.ndarray]:
    """Pairs on each level of each comparison; SQL is built from the model's own constants only."""
    levels = ", ".join(f"{_case(c)} AS {c.name}" for c in comparisons)
    sides = ", ".join(
        f"{side}.{name} AS {name}_{side}"
        for name in sample.column_names
        for side in "lr"
        if f"{name}_{side}" in levels
    )
    same = "true" if anchor is Anchor.NOTHING else f"l.anchor_{anchor.value} = r.anchor_{anchor.value}"
    sums = ", ".join(
        f"count(*) FILTER (WHERE {c.name} = {at})" for c in comparisons for at in range(len(c.levels))
    )
    connection.register("chance_records", sample)
    try:
        # No identifier here comes from outside the model.
        sql = (
            f"WITH pairs AS (SELECT {sides} FROM chance_records l JOIN chance_records r "  # noqa: S608
            f"ON {same} AND l.unique_id < r.unique_id), levels AS (SELECT {levels} FROM pairs) "
            f"SELECT {sums} FROM levels"
        )
        row = connection.execute(sql).fetchall()[0]
    finally:
        connection.unregister("chance_records")
    edges = np.cumsum([len(c.levels) for c in comparisons])[:-1]
    parts = np.split(np.array(row, dtype=np.float64), edges)
    return {c.name: part for c, part in zip(comparisons, parts, strict=True)}


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
