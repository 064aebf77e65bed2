"""Crypto-shredding: what is to go is written down first, then loses its keys, and never comes back.

The note is what a crash is gone on from, what a certificate is made of, and what keeps a delivery that
was withdrawn from being kept or linked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage_engine.contract.destruction import DestroyedKey
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.vault.parquet import Vault

DESTROYED = "destroyed"
_PROVIDER, _DELIVERY = b"provider_id", b"delivery_id"
_NOTE = pa.schema([("name", pa.string()), ("keys_sha256", pa.list_(pa.string())), ("rewritten", pa.bool_())])


@dataclass(frozen=True, slots=True)
class Order:
    """Which delivery is to be destroyed, and by which destruction."""

    destruction_id: str
    project_id: str
    provider_id: str
    delivery_id: str


def note(
    vault: Vault, order: Order, *, removed: Sequence[str], rewritten: Sequence[str]
) -> tuple[DestroyedKey, ...]:
    """Write down, once, what an order destroys, with the digest of each key; what was written down."""
    name = f"{DESTROYED}/{order.destruction_id}"
    if not vault.exists(order.project_id, name):
        found = [(each, False) for each in removed] + [(each, True) for each in rewritten]
        rows = [
            {"name": each, "keys_sha256": vault.key_digests(order.project_id, each), "rewritten": again}
            for each, again in found
        ]
        about = {_PROVIDER: order.provider_id.encode(), _DELIVERY: order.delivery_id.encode()}
        vault.write(order.project_id, name, pa.Table.from_pylist(rows, _NOTE.with_metadata(about)))
    return tuple(DestroyedKey(**row) for row in vault.read(order.project_id, name).to_pylist())


def shred(
    vault: Vault, order: Order, *, removed: Sequence[str], rewritten: Mapping[str, pa.Table]
) -> tuple[DestroyedKey, ...]:
    """Note what goes, remove those tables and write the others anew, without what goes; what was noted.

    Cut anywhere and done again it ends the same, also where nothing is left to remove or to write.
    """
    noted = note(vault, order, removed=removed, rewritten=tuple(rewritten))
    for name in {*removed, *(each.name for each in noted if not each.rewritten)}:
        vault.remove(order.project_id, name)
    for name, table in rewritten.items():
        vault.write(order.project_id, name, table, replace=True)
    for each in noted:
        if each.rewritten:  # a writing that was cut short left the old key beside the new one
            vault.drop_replaced_keys(order.project_id, each.name)
    return noted


def check_not_destroyed(vault: Vault, project_id: str, provider_id: str, delivery_id: str) -> None:
    """Raise NotTrusted(delivery-withdrawn) for a delivery that was destroyed, whoever brings it back."""
    if (provider_id, delivery_id) in destroyed_deliveries(vault, project_id):
        raise NotTrusted(RefusalCode.DELIVERY_WITHDRAWN)


def destroyed_deliveries(vault: Vault, project_id: str) -> frozenset[tuple[str, str]]:
    """Every delivery that was withdrawn, with its provider."""
    notes = (vault.read(project_id, name, columns=[]) for name in vault.names(project_id, f"{DESTROYED}/"))
    said = (each.schema.metadata for each in notes)
    return frozenset((about[_PROVIDER].decode(), about[_DELIVERY].decode()) for about in said)
