"""Persons whom a provider has withdrawn: their records are neither linked nor answered over any more."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.vault.parquet import Vault

WITHDRAWN = "withdrawn"
PERSON_KEY_BYTES = 16
_NOBODY = pa.table({"person_key": pa.array([], pa.string())})


def written_person_keys(person_keys: Sequence[str]) -> bytes:
    """What a withdrawal is before it is sealed: the person keys, 16 bytes each, one after the other."""
    return b"".join(map(bytes.fromhex, person_keys))


def read_person_keys(plain: bytes, *, persons: int) -> pa.Array:
    """The person keys of a withdrawal; ExtractRejected(person-keys-invalid) unless there are as many."""
    if len(plain) != persons * PERSON_KEY_BYTES:
        raise ExtractRejected(RefusalCode.PERSON_KEYS_INVALID)
    return pa.array(
        [plain[at : at + PERSON_KEY_BYTES].hex() for at in range(0, len(plain), PERSON_KEY_BYTES)],
        pa.string(),
    )


def withdrawn_persons(vault: Vault, project_id: str, provider: str) -> pa.Table:
    """The person keys that a provider has withdrawn: one column, each once."""
    name = f"{WITHDRAWN}/{provider}"
    return vault.read(project_id, name) if vault.exists(project_id, name) else _NOBODY


def withdraw_persons(vault: Vault, project_id: str, provider: str, person_keys: pa.Array) -> int:
    """Add persons to those whom a provider has withdrawn; how many it now has. Twice is as good as once."""
    known = withdrawn_persons(vault, project_id, provider)["person_key"]
    both = pa.chunked_array([*known.chunks, person_keys], pa.string()).unique()
    vault.write(project_id, f"{WITHDRAWN}/{provider}", pa.table({"person_key": both.sort()}), replace=True)
    return len(both)


def without_withdrawn(
    vault: Vault, project_id: str, provider: str, identifiers: pa.Table
) -> tuple[pa.Table, int]:
    """The records of a part that were not withdrawn, and how many were."""
    keys = withdrawn_persons(vault, project_id, provider)["person_key"].combine_chunks()
    kept = identifiers.filter(pc.invert(pc.is_in(identifiers["person_key"], value_set=keys)))
    return kept, identifiers.num_rows - kept.num_rows


def still_linked(vault: Vault, project_id: str, crosswalk: pa.Table) -> tuple[pa.Table, str]:
    """The records of a crosswalk that were not withdrawn since, and a digest of those that were.

    The digest is of pseudonyms that nobody outside has, so it tells one state from another and no number.
    """
    digest = hashlib.sha256()
    for provider in sorted(crosswalk["provider_id"].unique().to_pylist()):
        keys = withdrawn_persons(vault, project_id, provider)["person_key"].combine_chunks()
        own = pc.equal(crosswalk["provider_id"], provider)
        gone = pc.and_(own, pc.is_in(crosswalk["person_key"], value_set=keys))
        digest.update(written_person_keys(sorted(crosswalk["person_key"].filter(gone).to_pylist())))
        crosswalk = crosswalk.filter(pc.invert(gone))
    return crosswalk, digest.hexdigest()
