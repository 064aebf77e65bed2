"""The crosswalk: which record of which delivery is which person, as linkage hands it to analysis."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.contract.reports import RunFigures
from linkage_engine.spine.link_ids import SPINE

RUN_ID, VERSION, FIGURES = b"run_id", b"crosswalk", b"figures"
CURRENT = b"2"
"""The first had no strict and lenient link ids and said no version."""
CROSSWALK = SPINE.append(pa.field("delivery_id", pa.string()))


def crosswalk(spine: pa.Table, run_id: str, deliveries: Mapping[str, str], figures: RunFigures) -> pa.Table:
    """The spine with the delivery of each record, under the name of its run and with what it may tell."""
    providers = spine["provider_id"].unique()
    names = pa.array([deliveries[provider] for provider in providers.to_pylist()], pa.string())
    places = spine["provider_id"].combine_chunks().dictionary_encode().indices
    return spine.append_column("delivery_id", names.take(places)).replace_schema_metadata(
        {RUN_ID: run_id.encode(), VERSION: CURRENT, FIGURES: figures.to_json().encode()}
    )


def read_crosswalk(plain: bytes) -> pa.Table:
    """The crosswalk of a hand-over; NotTrusted(crosswalk-outdated) for one that an earlier version wrote.

    Anything else that is none is NotTrusted(hand-over-invalid).
    """
    try:
        table = pq.read_table(pa.BufferReader(plain))
    except (OSError, pa.ArrowException):  # Arrow's messages may quote what they could not read
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID) from None
    about = table.schema.metadata or {}
    if RUN_ID in about and about.get(VERSION) != CURRENT:
        raise NotTrusted(RefusalCode.CROSSWALK_OUTDATED)
    if RUN_ID not in about or not table.schema.equals(CROSSWALK):
        raise NotTrusted(RefusalCode.HAND_OVER_INVALID)
    return table
