"""The spine of a run: records and pairs in, every record's three link ids and weight band out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa

from linkage_engine.spine.clusters import (
    Contradictions,
    Level,
    LinkedPairs,
    contradictions,
    nested_clusters,
)
from linkage_engine.spine.link_ids import LINK_IDS, SPINE, Changes, Random, assign_link_ids, ids_before
from linkage_engine.spine.records import SpineRecords
from linkage_engine.spine.weight_bands import weight_bands


@dataclass(frozen=True, slots=True, repr=False)
class Spine:
    """Every record's link ids, and what changed; exact, and so inside only."""

    table: pa.Table
    changes: dict[Level, Changes]
    contradictions: Contradictions
    """In clusters of the primary threshold."""
    kept_apart: int


def person_spine(
    before: pa.Table,
    records: SpineRecords,
    pairs: LinkedPairs,
    random: Random,
    *,
    repeating: Collection[str] = (),
) -> Spine:
    """The spine of these records and pairs, going on from an earlier one, perhaps of an earlier version."""
    found = nested_clusters(records, pairs, repeating=repeating)
    assigned = {
        level: assign_link_ids(
            ids_before(before, records, level),
            found.labels[level],
            random,
            used=before[LINK_IDS[level]]
            if LINK_IDS[level] in before.column_names
            else pa.chunked_array([], pa.string()),
        )
        for level in Level
    }
    provider = pa.array(records.provider_ids, pa.string()).take(pa.array(records.provider))
    columns = {
        "provider_id": provider,
        "person_key": records.person_keys,
        **{LINK_IDS[level]: one.link_ids for level, one in assigned.items()},
        "weight_band": weight_bands(pairs, found),
    }
    return Spine(
        pa.table(columns, schema=SPINE),
        {level: one.changes for level, one in assigned.items()},
        contradictions(records, found.labels[Level.PRIMARY]),
        found.kept_apart,
    )
