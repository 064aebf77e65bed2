"""Link ids: random per project, kept from run to run, never used for two people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.spine.clusters import Level
from linkage_engine.spine.records import Ints, SpineRecords

LINK_ID_BYTES = 16
LINK_IDS = {Level.STRICT: "link_id_strict", Level.PRIMARY: "link_id", Level.LENIENT: "link_id_lenient"}
"""The column of each level; the primary one is what queries use."""
SPINE = pa.schema(
    [(name, pa.string()) for name in ("provider_id", "person_key", *LINK_IDS.values(), "weight_band")]
)
"""One row a record, by provider and person key."""

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Changes:
    """How the clusters of a level differ from those of the run before."""

    kept: int
    """Clusters that go on under an id they had."""
    made: int
    """Clusters under a new id."""
    merged: int
    """Ids that ended because their records joined another's."""
    split: int
    """Clusters that left an id which another cluster keeps."""
    ended: int
    """Ids that ended because all their records are gone."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """The link id of each record, and what changed."""

    link_ids: pa.Array
    changes: Changes


def ids_before(spine: pa.Table, records: SpineRecords, level: Level) -> pa.Array:
    """The link id that each record had in an earlier spine; null where it had none.

    A spine of an earlier version has primary ids only.
    """
    had = pa.nulls(len(records), pa.string())
    if not spine.num_rows or LINK_IDS[level] not in spine.column_names:
        return had
    place = np.full(len(records), -1, dtype=np.int64)
    row = np.arange(spine.num_rows)
    providers = spine["provider_id"].to_numpy()
    for provider_id in records.provider_ids:
        own = row[providers == provider_id]
        numbers = records.numbers(provider_id, spine["person_key"].take(pa.array(own)))
        place[numbers[numbers >= 0]] = own[numbers >= 0]
    return spine[LINK_IDS[level]].combine_chunks().take(pa.array(place, mask=place < 0))


def assign_link_ids(before: pa.Array, labels: Ints, random: Random, *, used: pa.ChunkedArray) -> Assigned:
    """Every cluster's records under one link id: the one most of them had, else a new one of 32 hex digits.

    An id goes to one cluster only: the one that holds most of its records, then the first in order. `before`
    has each record's earlier id, `used` every id of the earlier spine: those of records that are gone are
    given to nobody else.
    """
    first, cluster = np.unique(labels, return_inverse=True)
    coded = before.dictionary_encode()
    had = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    kept = largest_overlaps(cluster[had >= 0], had[had >= 0], clusters=len(first), ids=len(coded.dictionary))
    taken = set(used.unique().to_pylist())
    fresh = _new_ids(int((kept < 0).sum()), taken, random)
    known = coded.dictionary.take(pa.array(kept[kept >= 0]))
    place = np.empty(len(first), dtype=np.int64)
    place[kept >= 0] = np.arange(len(known))
    place[kept < 0] = len(known) + np.arange(len(fresh))
    link_ids = pa.concat_arrays([known.cast(pa.string()), pa.array(fresh, pa.string())])
    going_on = np.zeros(len(coded.dictionary) + 1, dtype=np.bool_)
    going_on[kept[kept >= 0]] = True
    left = np.unique(cluster[(kept[cluster] < 0) & (had >= 0) & going_on[had]])
    return Assigned(
        link_ids.take(pa.array(place[cluster])),
        Changes(
            kept=int((kept >= 0).sum()),
            made=len(fresh),
            merged=len(coded.dictionary) - int(going_on.sum()),
            split=len(left),
            ended=len(taken) - len(coded.dictionary),
        ),
    )


def largest_overlaps(cluster: Ints, had: Ints, *, clusters: int, ids: int) -> Ints:
    """Which id each cluster is given, or -1: the largest overlaps first, each id once.

    `cluster` and `had` are the numbers of a record's cluster and of the id that it had.
    """
    together, records = np.unique(cluster * max(ids, 1) + had, return_counts=True)
    found = np.full(clusters, -1, dtype=np.int64)
    given = np.zeros(ids, dtype=np.bool_)
    for pair in together[np.argsort(-records, kind="stable")].tolist():
        at, link_id = divmod(pair, ids)
        if found[at] < 0 and not given[link_id]:
            found[at], given[link_id] = link_id, True
    return found


def _new_ids(count: int, taken: set[str], random: Random) -> list[str]:
    digits = random(LINK_ID_BYTES * count).hex()
    width = 2 * LINK_ID_BYTES
    drawn = [digits[at : at + width] for at in range(0, len(digits), width)]
    seen = set(taken)
    for place in range(count):
        while drawn[place] in seen:
            drawn[place] = random(LINK_ID_BYTES).hex()
        seen.add(drawn[place])
    return drawn


def repeated_persons(spine: pa.Table) -> dict[str, int]:
    """For each provider the persons, by primary link id, of whom it has more than one record."""
    counted = spine.group_by(["provider_id", "link_id"]).aggregate([("person_key", "count")])
    several = counted.filter(pc.greater(counted["person_key_count"], 1))
    found = dict.fromkeys(sorted(spine["provider_id"].unique().to_pylist()), 0)
    tallied = several["provider_id"].value_counts()
    return found | {one["values"]: one["counts"] for one in tallied.to_pylist()}


def empty_spine() -> pa.Table:
    """The spine before the first linkage run."""
    return SPINE.empty_table()
