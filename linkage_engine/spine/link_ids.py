"""Link ids: random per project, kept from run to run, never used for two people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from linkage_engine.spine.clusters import Cluster, RecordId

LINK_ID_BYTES = 16
CROSSWALK = pa.schema([("provider_id", pa.string()), ("person_key", pa.string()), ("link_id", pa.string())])
"""One row a record, sorted by provider and person key."""

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Assigned:
    """The crosswalk, and how it differs from the one before, for the audit log."""

    crosswalk: pa.Table
    kept: int
    """Clusters that go on under an id they had."""
    made: int
    """Clusters under a new id."""
    merged: int
    """Ids that ended because their records joined another's."""
    split: int
    """Clusters that left an id which another cluster keeps."""


def empty_crosswalk() -> pa.Table:
    """The crosswalk before the first linkage run."""
    return CROSSWALK.empty_table()


def assign_link_ids(existing: pa.Table, clusters: tuple[Cluster, ...], random: Random) -> Assigned:
    """Every cluster's records under one link id: the one most of them had, else a new one of 32 hex digits.

    An id goes to one cluster only: the one that holds most of its records, then the first in order.
    `existing` is a crosswalk; its records that are in no cluster (a replaced delivery's) leave the result,
    their ids are not given to anybody else.
    """
    before = _ids(existing)
    chosen = _kept_ids(clusters, before)
    used = set(before.values())
    rows: list[tuple[str, str, str]] = []
    for at, cluster in enumerate(clusters):
        link_id = chosen.get(at) or _new_id(random, used)
        used.add(link_id)
        rows += [(record.provider_id, record.person_key, link_id) for record in cluster]
    columns = zip(*sorted(rows), strict=True) if rows else ((), (), ())
    crosswalk = pa.table([pa.array(column, pa.string()) for column in columns], schema=CROSSWALK)
    going_on = set(chosen.values())
    had = [{before[record] for record in cluster if record in before} for cluster in clusters]
    return Assigned(
        crosswalk=crosswalk,
        kept=len(chosen),
        made=len(clusters) - len(chosen),
        merged=len(set().union(*had) - going_on),
        split=sum(1 for at, ids in enumerate(had) if at not in chosen and ids & going_on),
    )


def _ids(crosswalk: pa.Table) -> Mapping[RecordId, str]:
    rows = zip(*(crosswalk[name].to_pylist() for name in CROSSWALK.names), strict=True)
    return {RecordId(provider_id, person_key): link_id for provider_id, person_key, link_id in rows}


def _kept_ids(clusters: tuple[Cluster, ...], before: Mapping[RecordId, str]) -> dict[int, str]:
    """Which cluster goes on under which id: the largest overlaps first, each cluster and each id once."""
    overlaps = Counter(
        (at, before[record]) for at, cluster in enumerate(clusters) for record in cluster if record in before
    )
    kept: dict[int, str] = {}
    given: set[str] = set()
    for (at, link_id), _ in sorted(overlaps.items(), key=lambda item: (-item[1], item[0])):
        if at not in kept and link_id not in given:
            kept[at] = link_id
            given.add(link_id)
    return kept


def _new_id(random: Random, used: set[str]) -> str:
    while (link_id := random(LINK_ID_BYTES).hex()) in used:
        pass
    return link_id
