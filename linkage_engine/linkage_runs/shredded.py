"""A delivery that is withdrawn: its tokens, and all that was found of them, lose their keys."""

from __future__ import annotations

import json
from typing import Any

import pyarrow.compute as pc

from linkage_engine.contract.destruction import DestroyedKey
from linkage_engine.linkage_runs.kept_pairs import MODELS, PAIRS, RECORD_SETS, KeptPairs
from linkage_engine.linkage_runs.run import ABOUT, IDENTIFIERS, SPINE, kept_spine
from linkage_engine.vault.parquet import Vault
from linkage_engine.vault.shredding import Order, shred


def shred_identifiers(vault: Vault, order: Order) -> tuple[DestroyedKey, ...]:
    """Destroy the keys of a delivery's tokens and of what runs kept of them, and write the spine without it.

    Records of other providers keep their link ids. Of a delivery that another one took the place of in the
    last run nothing but its tokens, and what a run that was broken off found of them, is left to destroy.
    """
    spine, about = kept_spine(vault, order.project_id)
    linked = about.get("deliveries", {}).get(order.provider_id) == order.delivery_id
    own = f"{IDENTIFIERS}/{order.provider_id}/{order.delivery_id}"
    kept_set = None if linked else about.get("sets", {}).get(order.provider_id)
    removed = [*([own] if vault.exists(order.project_id, own) else ()), *_found_of(vault, order, kept_set)]
    rewritten = {}
    if linked:
        without = spine.filter(pc.not_equal(spine["provider_id"], order.provider_id))
        said = json.dumps(_without(about, order.provider_id)).encode()
        rewritten = {SPINE: without.replace_schema_metadata({ABOUT: said})}
    return shred(vault, order, removed=removed, rewritten=rewritten)


def _found_of(vault: Vault, order: Order, kept_set: str | None) -> list[str]:
    """What was kept of the provider's records, but of the set that is linked instead of the delivery's."""
    project, provider = order.project_id, order.provider_id
    sets = [
        name for name in vault.names(project, f"{RECORD_SETS}/{provider}/") if name.split("/")[-1] != kept_set
    ]
    pairs = [
        name
        for folder in (PAIRS, MODELS)
        for name in vault.names(project, f"{folder}/")
        if provider in name.split("/")[1:]
        and not (folder == PAIRS and kept_set in _sets_of(vault, project, name))
    ]
    return [*sets, *pairs]


def _sets_of(vault: Vault, project_id: str, name: str) -> tuple[str, ...]:
    _, a, b = name.split("/")
    pair = KeptPairs(vault, project_id).pair(a, b)
    return () if pair is None else pair.sets


def _without(about: dict[str, Any], provider_id: str) -> dict[str, Any]:
    """What a run said of the spine, as if it had been without a provider."""
    changed: dict[str, Any] = {
        field: {name: said for name, said in about[field].items() if name != provider_id}
        for field in ("deliveries", "sets")
    }
    pairs = {name: said for name, said in about["pairs"].items() if provider_id not in name.split(":")}
    return {**about, **changed, "pairs": pairs}
