"""Pairs of new and changed records only, weighed by a model that was trained before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.link.engine import Database
from linkage_engine.link.matching import Edges, quiet, registered, scored
from linkage_engine.link.model import PairModel
from linkage_engine.link.prepare import Prepared, prepared
from linkage_engine.link.profiles import MODELS

FreshKeys = tuple[pa.Array, pa.Array]


def rescored_pairs(
    database: Database,
    a: pa.Table,
    b: pa.Table,
    *,
    profile: LinkageProfile,
    model: PairModel,
    fresh: FreshKeys,
) -> pa.Table:
    """Every blocked pair between two identifier parts that has a fresh record, with its match weight.

    `fresh` are person keys of either part. Tokens that too many records share are those of the whole parts,
    as when everything is linked. Columns are person_key_a, person_key_b and match_weight, in no promised
    order. Raises CannotLink, without the words of the libraries.
    """
    with quiet():
        ready = prepared(a, b, MODELS[profile])
        found = [_weighed(database, ready, *sides, model) for sides in _sides(ready, fresh)]
    return (
        pa.concat_tables(found) if found else _pairs(ready, Edges(*(np.zeros(0, np.int64),) * 2, np.zeros(0)))
    )


def _sides(ready: Prepared, fresh: FreshKeys) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Fresh records of the first file with all of the second, then the rest with fresh ones of the second.

    Of each side only the records that share a token with the other are left: the others make no pairs.
    """
    new_a, new_b = (
        pc.is_in(keys, value_set=own)
        for keys, own in zip(
            (ready.person_keys[: ready.a.num_rows], ready.person_keys[ready.a.num_rows :]), fresh, strict=True
        )
    )
    for one, other in (
        (ready.a.filter(new_a), ready.b),
        (ready.a.filter(pc.invert(new_a)), ready.b.filter(new_b)),
    ):
        left, right = _sharing(one, other), _sharing(other, one)
        if left.num_rows and right.num_rows:
            yield left, right


def _sharing(table: pa.Table, other: pa.Table) -> pa.Table:
    """The records with a blocking token that the other table has, and of their tokens these alone."""
    lists = table["z"].combine_chunks()
    tokens = lists.flatten()
    kept = pc.is_in(tokens, value_set=pc.unique(other["z"].combine_chunks().flatten()))
    row = pc.list_parent_indices(lists).filter(kept)
    ends = np.searchsorted(row.to_numpy(), np.arange(table.num_rows + 1)).astype(np.int32)
    shared = pa.ListArray.from_arrays(pa.array(ends), tokens.filter(kept))
    place = table.schema.get_field_index("z")
    return table.set_column(place, "z", shared).filter(pa.array(np.diff(ends) > 0))


def _weighed(database: Database, ready: Prepared, a: pa.Table, b: pa.Table, model: PairModel) -> pa.Table:
    with registered(database, a, b, whole=(ready.a, ready.b)) as files:
        return _pairs(ready, scored(files, model))


def _pairs(ready: Prepared, edges: Edges) -> pa.Table:
    return pa.table(
        {
            "person_key_a": ready.person_keys.take(pa.array(edges.left)),
            "person_key_b": ready.person_keys.take(pa.array(edges.right)),
            "match_weight": pa.array(edges.weight),
        }
    )
