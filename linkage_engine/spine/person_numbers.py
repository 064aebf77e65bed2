"""Person numbers: a project's own numbering of link ids, which is all that the gate sees of a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.spine.clusters import Level
from linkage_engine.spine.link_ids import LINK_IDS, largest_overlaps

NOBODY = pa.table({"link_id": pa.array([], pa.string()), "person": pa.array([], pa.int32())})
"""The numbers of a project before its first crosswalk."""

Random = Callable[[int], bytes]


def numbered(known: Mapping[Level, pa.Table], crosswalk: pa.Table, random: Random) -> dict[Level, pa.Table]:
    """Every person's number on each level: known ones kept, new ones in an order that tells nothing.

    A person of the strict or the lenient level has the number of the primary person with whom most of their
    records are shared, each number once; whoever is left has a number that nobody has on any level. So sets
    of people by different link ids differ in those alone whom the link ids take for others.
    """
    primary = _appended(known[Level.PRIMARY], crosswalk["link_id"].unique(), _next(known.values()), random)
    found = {Level.PRIMARY: primary}
    persons = (
        primary["person"]
        .combine_chunks()
        .take(
            pc.index_in(crosswalk["link_id"].combine_chunks(), value_set=primary["link_id"].combine_chunks())
        )
    )
    for level in (Level.STRICT, Level.LENIENT):
        ids = crosswalk[LINK_IDS[level]].combine_chunks()
        shared = _shared(known[level], ids, persons)
        found[level] = _appended(shared, ids.unique(), _next([*known.values(), *found.values()]), random)
    return found


def _next(tables: Iterable[pa.Table]) -> int:
    return 1 + max((pc.max(table["person"]).as_py() for table in tables if table.num_rows), default=-1)


def _shared(known: pa.Table, ids: pa.Array, persons: pa.Array) -> pa.Table:
    """The numbers of a level with those that new persons share with primary ones."""
    free = pc.and_(
        pc.invert(pc.is_in(ids, value_set=known["link_id"].combine_chunks())),
        pc.invert(pc.is_in(persons, value_set=known["person"].combine_chunks())),
    )
    new, numbers = ids.filter(free).dictionary_encode(), persons.filter(free).dictionary_encode()
    given = largest_overlaps(
        new.indices.to_numpy().astype(np.int64),
        numbers.indices.to_numpy().astype(np.int64),
        clusters=len(new.dictionary),
        ids=len(numbers.dictionary),
    )
    has = pa.array(given >= 0)
    own = numbers.dictionary.take(pa.array(given[given >= 0]))
    added = pa.table({"link_id": new.dictionary.filter(has), "person": own}, schema=NOBODY.schema)
    return pa.concat_tables([known, added])


def _appended(known: pa.Table, ids: pa.Array, first: int, random: Random) -> pa.Table:
    new = sorted(set(ids.to_pylist()) - set(known["link_id"].to_pylist()))
    order = np.random.default_rng(int.from_bytes(random(16), "big")).permutation(len(new))
    numbers = np.arange(first, first + len(new), dtype=np.int32)
    added = pa.table({"link_id": [new[i] for i in order], "person": numbers}, schema=NOBODY.schema)
    return pa.concat_tables([known, added])
