"""Attacks that must fail: on codes that say nothing, and with known people mixed up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from linkage_engine.laboratory.reidentification.seen import NONE, Seen
from linkage_engine.laboratory.reidentification.wanted import Known


def random_codes(seen: Seen, random: np.random.Generator) -> Seen:
    """The same columns with a code of its own for every record, filters of random bits as dense as before."""
    everybody = np.arange(seen.rows)
    return replace(
        seen,
        scalars={
            name: np.where(codes == NONE, NONE, random.permutation(everybody))
            for name, codes in seen.scalars.items()
        },
        lists={name: np.full_like(codes, NONE) for name, codes in seen.lists.items()},
        filters={name: random.random(bits.shape) < bits.mean() for name, bits in seen.filters.items()},
    )


def shuffled(known: Known, random: np.random.Generator) -> Known:
    """The same records known as each other's people."""
    order = random.permutation(len(known.rows))
    return replace(
        known,
        values={field: values[order] for field, values in known.values.items()},
        sexes=known.sexes[order],
    )
