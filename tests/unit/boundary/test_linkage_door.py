"""The linkage door on parts that a provider's tool sealed."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from linkage_engine.boundary import Linked
from linkage_engine.contract.manifest import IDENTIFIERS
from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.link.encoding import marked
from linkage_engine.unseal.unseal import unseal_bytes
from tests.integration.extracts import REGISTRY
from tests.unit.boundary.doors import (
    IDENTITIES,
    Deliveries,
    Doors,
    link,
    receive_identifiers,
    refuses,
    sealed_to,
)


def test_identifiers_are_counted_and_kept_encrypted(doors: Doors, delivered: Deliveries) -> None:
    one = delivered[REGISTRY]
    assert doors.linkage.receive(io.BytesIO(one.parts[IDENTIFIERS]), one.manifest) == 80
    (kept,) = (doors.folder / "linkage").rglob("*.parquet")
    assert kept.read_bytes()[:4] == b"PARE"  # encrypted footer


def test_the_same_person_gets_one_link_id_and_strangers_none_in_common(
    linked: Linked, delivered: Deliveries
) -> None:
    ids = linked.crosswalk["link_id"].to_pylist()
    assert (len(ids), len(set(ids))) == (240, 160)
    assert all(re.fullmatch("[0-9a-f]{32}", link_id) for link_id in ids)
    assert set(linked.crosswalk["delivery_id"].to_pylist()) == {
        one.manifest.delivery_id for one in delivered.values()
    }


def test_link_ids_are_kept_from_run_to_run(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, delivered.values())
    first, second = link(doors, delivered), link(doors, delivered, "ef" * 16)
    assert first.crosswalk.equals(second.crosswalk)


def test_one_provider_alone_gets_link_ids_without_links(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, [delivered[REGISTRY]])
    linked = link(doors, {REGISTRY: delivered[REGISTRY]})
    assert linked.figures.pairs == {}
    assert len(set(linked.crosswalk["link_id"].to_pylist())) == 80


def test_a_delivery_that_was_never_received_is_not_linked(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, [delivered[REGISTRY]])
    with refuses(RefusalCode.VAULT_OBJECT_MISSING):
        link(doors, delivered)


def test_a_provider_without_people_is_not_linked(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, delivered.values())
    name = f"identifiers/{REGISTRY}/{delivered[REGISTRY].manifest.delivery_id}"
    vault = doors.linkage.inside.vault
    vault.write(doors.project, name, vault.read(doors.project, name).slice(0, 0), replace=True)
    with pytest.raises(CannotLink) as refused:
        link(doors, delivered)
    assert refused.value.code is RefusalCode.TOO_FEW_RECORDS


def test_a_damaged_vault_is_not_linked(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, delivered.values())
    for path in (doors.folder / "linkage").rglob("*.parquet"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with refuses(RefusalCode.VAULT_DAMAGED):
        link(doors, delivered)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"linkage_profile": "tokens-strict"}, RefusalCode.LINKAGE_PROFILE_DIFFERS),
        ({"key_check": "1e" * 8}, RefusalCode.KEY_CHECK_DIFFERS),
        ({"secret_epoch": 2}, RefusalCode.KEY_CHECK_DIFFERS),
    ],
)
def test_parts_that_were_not_made_with_one_profile_and_secret_are_not_linked(
    doors: Doors, delivered: Deliveries, change: dict[str, Any], code: RefusalCode
) -> None:
    receive_identifiers(doors, delivered.values())
    one, vault = delivered[REGISTRY].manifest, doors.linkage.inside.vault
    name = f"identifiers/{REGISTRY}/{one.delivery_id}"
    other = marked(vault.read(doors.project, name), one.model_copy(update=change))
    vault.write(doors.project, name, other, replace=True)
    with refuses(code):
        link(doors, delivered)


@pytest.mark.parametrize("said", ["plaintext", "hashes"])
def test_a_part_in_a_profile_that_no_permit_may_name_is_refused(
    doors: Doors, delivered: Deliveries, said: str
) -> None:
    one = delivered[REGISTRY]
    manifest = one.manifest.model_copy(update={"linkage_profile": said})
    with refuses(RefusalCode.LINKAGE_PROFILE_NOT_SERVED):
        doors.linkage.receive(io.BytesIO(one.parts[IDENTIFIERS]), manifest)


def test_a_part_kept_before_parts_said_what_they_were_made_with_is_to_be_sent_again(
    doors: Doors, delivered: Deliveries
) -> None:
    receive_identifiers(doors, delivered.values())
    vault = doors.linkage.inside.vault
    for provider, one in delivered.items():
        name = f"identifiers/{provider}/{one.manifest.delivery_id}"
        kept = vault.read(doors.project, name).replace_schema_metadata(None)
        vault.write(doors.project, name, kept, replace=True)
    with refuses(RefusalCode.LINKAGE_PROFILE_DIFFERS):
        link(doors, delivered)


def test_a_part_that_the_manifest_does_not_name_is_not_opened(doors: Doors, delivered: Deliveries) -> None:
    one = delivered[REGISTRY]
    without = one.manifest.model_copy(update={"parts": one.manifest.parts[1:]})
    with refuses(RefusalCode.PART_DIFFERS_FROM_MANIFEST):
        doors.linkage.receive(io.BytesIO(one.parts[IDENTIFIERS]), without)


def test_a_part_sealed_to_another_worker_is_not_opened(doors: Doors, delivered: Deliveries) -> None:
    one = delivered[REGISTRY]
    with refuses(RefusalCode.SEALED_TO_ANOTHER_KEY):
        doors.analysis.receive(io.BytesIO(one.parts[IDENTIFIERS]), one.manifest, "death")


def test_events_do_not_pass_for_tokens(doors: Doors, delivered: Deliveries) -> None:
    """A part under the declared digest's name, but of another shape than the profile's."""
    one = delivered[REGISTRY]
    events = one.manifest.part("death")
    assert events is not None
    plain = unseal_bytes(one.parts["death"], identities=[IDENTITIES["analysis"]])
    declared = events.model_copy(update={"name": IDENTIFIERS, "sealed_bytes": 1 << 20})
    manifest = one.manifest.model_copy(update={"parts": (declared,)})
    with refuses(RefusalCode.COLUMNS_DIFFER):
        doors.linkage.receive(sealed_to("linkage", plain), manifest)
