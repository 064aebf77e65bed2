"""How heavy the best pair of a record is, in bands: what analysis may know of match weights."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from linkage_engine.spine.clusters import Level, LinkedPairs, NestedClusters

UNLINKED = "unlinked"
EDGES = (10.0, 20.0, 30.0)
"""Bits."""
WEIGHT_BANDS = (UNLINKED, "under 10", "10 to 20", "20 to 30", "30 or more")


def weight_bands(pairs: LinkedPairs, clusters: NestedClusters) -> pa.Array:
    """For each record the band of its heaviest pair with another one of its lenient cluster."""
    labels = clusters.labels[Level.LENIENT]
    together = labels[pairs.left] == labels[pairs.right]
    best = np.full(len(labels), -np.inf)
    for end in (pairs.left, pairs.right):
        np.maximum.at(best, end[together], pairs.weight[together])
    place = np.where(np.isinf(best), 0, 1 + np.searchsorted(EDGES, best, side="right"))
    return pa.array(WEIGHT_BANDS).take(pa.array(place))
