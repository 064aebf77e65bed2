"""Crypto-shredding: what is to go is written down first, then loses its keys, and never comes back.

The note is what a crash is gone on from, what a certificate is made of, and what keeps a delivery that
was withdrawn from being kept or linked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage_engine.contract.destruction import DestroyedKey
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.vault.parquet import Vault

DESTROYED, CLOSED = "destroyed", "closed"
_PROVIDER, _DELIVERY = b"provider_id", b"delivery_id"
_NOTE = pa.schema([("name", pa.string()), ("keys_sha256", pa.list_(pa.string())), ("rewritten", pa.bool_())])


@dataclass(frozen=True, slots=True)
class Order:
    """Which delivery is to be destroyed, and by which destruction."""

    destruction_id: str
    project_id: str
    provider_id: str
    delivery_id: str


def _note(
    vault: Vault, project_id: str, name: str, rows: Iterable[DestroyedKey], about: Mapping[bytes, bytes]
) -> tuple[DestroyedKey, ...]:
    """Write down, once, what is destroyed, with the digest of each key; what was written down."""
    if not vault.exists(project_id, name):
        listed = [row.model_dump() for row in rows]
        vault.write(project_id, name, pa.Table.from_pylist(listed, _NOTE.with_metadata(dict(about))))
    return tuple(DestroyedKey(**row) for row in vault.read(project_id, name).to_pylist())


def _keys(vault: Vault, project_id: str, name: str, *, rewritten: bool) -> DestroyedKey:
    digests = tuple(vault.key_digests(project_id, name))
    return DestroyedKey(name=name, keys_sha256=digests, rewritten=rewritten)


def shred(
    vault: Vault, order: Order, *, removed: Sequence[str], rewritten: Mapping[str, pa.Table]
) -> tuple[DestroyedKey, ...]:
    """Note what goes, remove those tables and write the others anew, without what goes; what was noted.

    Cut anywhere and done again it ends the same, also where nothing is left to remove or to write.
    """
    project = order.project_id
    noted = _note(
        vault,
        project,
        f"{DESTROYED}/{order.destruction_id}",
        (_keys(vault, project, name, rewritten=name in rewritten) for name in (*removed, *rewritten)),
        {_PROVIDER: order.provider_id.encode(), _DELIVERY: order.delivery_id.encode()},
    )
    for name in {*removed, *(each.name for each in noted if not each.rewritten)}:
        vault.remove(order.project_id, name)
    for name, table in rewritten.items():
        vault.write(order.project_id, name, table, replace=True)
    for each in noted:
        if each.rewritten:  # a writing that was cut short left the old key beside the new one
            vault.drop_replaced_keys(order.project_id, each.name)
    return noted


def shred_project(vault: Vault, project_id: str, destruction_id: str) -> tuple[DestroyedKey, ...]:
    """Note every table and secret of a project, then destroy them; what was noted. Twice is as good as once.

    Notes of destructions stay: names and digests.
    """
    tables = [name for name in vault.names(project_id) if name.split("/")[0] not in {DESTROYED, CLOSED}]
    secrets = vault.secret_names(project_id)
    rows = [_keys(vault, project_id, name, rewritten=False) for name in tables]
    rows += [
        DestroyedKey(name=name, keys_sha256=(vault.secret_digest(project_id, name),), rewritten=False)
        for name in secrets
    ]
    noted = _note(vault, project_id, f"{CLOSED}/{destruction_id}", rows, {})
    for name in {*tables, *secrets, *(each.name for each in noted)}:
        vault.remove(project_id, name)
        vault.remove_secret(project_id, name)
    return noted


def check_open(vault: Vault, project_id: str) -> None:
    """Raise NotTrusted(permit-not-live) for a project that was destroyed: nothing is kept of it again."""
    if vault.names(project_id, f"{CLOSED}/"):
        raise NotTrusted(RefusalCode.PERMIT_NOT_LIVE)


def check_not_destroyed(vault: Vault, project_id: str, provider_id: str, delivery_id: str) -> None:
    """Raise NotTrusted(delivery-withdrawn) for a delivery that was destroyed, whoever brings it back.

    Raises NotTrusted(permit-not-live) where the whole project was.
    """
    check_open(vault, project_id)
    if (provider_id, delivery_id) in destroyed_deliveries(vault, project_id):
        raise NotTrusted(RefusalCode.DELIVERY_WITHDRAWN)


def destroyed_deliveries(vault: Vault, project_id: str) -> frozenset[tuple[str, str]]:
    """Every delivery that was withdrawn, with its provider."""
    notes = (vault.read(project_id, name, columns=[]) for name in vault.names(project_id, f"{DESTROYED}/"))
    said = (each.schema.metadata for each in notes)
    return frozenset((about[_PROVIDER].decode(), about[_DELIVERY].decode()) for about in said)


def destroyed_before(vault: Vault, order: Order) -> bool:
    """Whether a destruction other than this one has noted that the delivery goes, and so sees to it."""
    own = f"{DESTROYED}/{order.destruction_id}"
    known = destroyed_deliveries(vault, order.project_id)
    return not vault.exists(order.project_id, own) and (order.provider_id, order.delivery_id) in known


def closed_before(vault: Vault, project_id: str, destruction_id: str) -> bool:
    """Whether a destruction other than this one has noted that the project goes, and so sees to it."""
    own = f"{CLOSED}/{destruction_id}"
    return not vault.exists(project_id, own) and bool(vault.names(project_id, f"{CLOSED}/"))
