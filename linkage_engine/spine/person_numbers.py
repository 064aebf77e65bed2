"""Person numbers: a project's own numbering of link ids, which is all that the gate sees of a person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

NOBODY = pa.table({"link_id": pa.array([], pa.string()), "person": pa.array([], pa.int32())})


def numbered(known: pa.Table, link_ids: pa.ChunkedArray, random: Callable[[int], bytes]) -> pa.Table:
    """Every person's number in the project: known ones kept, new ones in an order that tells nothing."""
    new = sorted(set(link_ids.to_pylist()) - set(known["link_id"].to_pylist()))
    order = np.random.default_rng(int.from_bytes(random(16), "big")).permutation(len(new))
    numbers = np.arange(known.num_rows, known.num_rows + len(new), dtype=np.int32)
    added = pa.table(
        {"link_id": pa.array([new[i] for i in order], pa.string()), "person": pa.array(numbers, pa.int32())}
    )
    return pa.concat_tables([known, added])
