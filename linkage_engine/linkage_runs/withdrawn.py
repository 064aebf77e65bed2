"""Persons whom a provider has withdrawn: their records are never linked again."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.vault.parquet import Vault

WITHDRAWN = "withdrawn"
_NOBODY = pa.table({"person_key": pa.array([], pa.string())})


PERSON_KEY_SHAPE = "^[0-9a-f]{32}$"


def read_person_keys(plain: bytes) -> pa.ChunkedArray:
    """The person keys of a withdrawal; ExtractRejected(person-keys-invalid) where it is no list of them."""
    try:
        table = pq.read_table(pa.BufferReader(plain))
    except (OSError, pa.ArrowException):  # Arrow's messages may quote what they could not read
        raise ExtractRejected(RefusalCode.PART_NOT_PARQUET) from None
    if table.schema.names != ["person_key"] or table.schema.types != [pa.string()]:
        raise ExtractRejected(RefusalCode.COLUMNS_DIFFER)
    keys = table["person_key"]
    misshapen = len(keys) - (pc.sum(pc.match_substring_regex(keys, PERSON_KEY_SHAPE)).as_py() or 0)
    if misshapen:
        raise ExtractRejected(RefusalCode.PERSON_KEYS_INVALID, misshapen=misshapen)
    return keys


def withdrawn_persons(vault: Vault, project_id: str, provider: str) -> pa.Table:
    """The person keys that a provider has withdrawn: one column, each once."""
    name = f"{WITHDRAWN}/{provider}"
    return vault.read(project_id, name) if vault.exists(project_id, name) else _NOBODY


def withdraw_persons(vault: Vault, project_id: str, provider: str, person_keys: pa.ChunkedArray) -> int:
    """Add persons to those whom a provider has withdrawn; how many it now has. Twice is as good as once."""
    known = withdrawn_persons(vault, project_id, provider)["person_key"]
    both = pa.chunked_array([*known.chunks, *person_keys.cast(pa.string()).chunks], pa.string()).unique()
    vault.write(project_id, f"{WITHDRAWN}/{provider}", pa.table({"person_key": both.sort()}), replace=True)
    return len(both)


def without_withdrawn(
    vault: Vault, project_id: str, provider: str, identifiers: pa.Table
) -> tuple[pa.Table, int]:
    """The records of a part that were not withdrawn, and how many were."""
    keys = withdrawn_persons(vault, project_id, provider)["person_key"].combine_chunks()
    kept = identifiers.filter(pc.invert(pc.is_in(identifiers["person_key"], value_set=keys)))
    return kept, identifiers.num_rows - kept.num_rows
