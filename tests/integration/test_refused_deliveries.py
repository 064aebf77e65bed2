"""Which deliveries workers do not believe, whatever the database says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage_engine.contract.manifest import Manifest
from linkage_engine.contract.permit import DataSetGrant
from linkage_engine.contract.refusals import RefusalCode
from service.jobs import Job
from service.signed import SigningKey, TextType, sign, verified
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY, registry_files
from tests.integration.refusing import STRANGER, Break, part_is_rejected, put_permit
from tests.integration.workshop import Workshop


def manifest_of(shop: Workshop, provider: str) -> Manifest:
    text = shop.submission(shop.ids[provider]).manifest
    return verified(text, (shop.people[provider].key.public,), TextType.MANIFEST, Manifest)


def put_manifest(shop: Workshop, key: SigningKey | None = None, **changes: object) -> None:
    manifest = manifest_of(shop, REGISTRY).model_copy(update=changes)
    text = sign(manifest, key or shop.people[REGISTRY].key, TextType.MANIFEST)
    shop.change("UPDATE submission SET manifest = :text WHERE id = :id", text=text, id=shop.ids[REGISTRY])


def put_statement(shop: Workshop, text: str) -> None:
    shop.change("UPDATE linkage_secret SET statement = :text", text=text)


def lose_statement(shop: Workshop) -> None:
    for table in ("linkage_secret_envelope", "linkage_secret"):
        shop.change(f"DELETE FROM {table}")


def narrow_permit(shop: Workshop) -> None:
    grants = (DataSetGrant(provider_id=PRACTICES, data_set="gp_registration"),)
    put_permit(shop, shop.permit_text(data_sets=grants))


def package_path(shop: Workshop) -> Path:
    return shop.spool / "submissions" / f"{shop.submission(shop.ids[REGISTRY]).sealed_sha256}.tresub"


def change_package(shop: Workshop, change: Callable[[bytes], bytes]) -> None:
    path = package_path(shop)
    path.write_bytes(change(path.read_bytes()))


def flipped_in_parts(data: bytes) -> bytes:
    """Every sealed part has one byte changed."""
    changed, start = bytearray(data), 0
    while (found := data.find(b"age-encryption.org", start)) >= 0:
        changed[found + 20] ^= 1
        start = found + 1
    return bytes(changed)


DELIVERIES: dict[str, tuple[Break, RefusalCode]] = {
    "manifest by a stranger": (lambda shop: put_manifest(shop, STRANGER), RefusalCode.SIGNATURE_INVALID),
    "manifest by the other provider": (
        lambda shop: put_manifest(shop, shop.people[PRACTICES].key),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "manifest for another project": (
        lambda shop: put_manifest(shop, project_id="another-project"),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "another linkage secret": (
        lambda shop: put_manifest(shop, key_check="1e" * 16),
        RefusalCode.KEY_CHECK_DIFFERS,
    ),
    "linkage secret by a stranger": (
        lambda shop: put_statement(shop, shop.secret_text(STRANGER)),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "linkage secret of another epoch": (
        lambda shop: put_statement(shop, shop.secret_text(secret_epoch=2)),
        RefusalCode.KEY_CHECK_DIFFERS,
    ),
    "no linkage secret": (lose_statement, RefusalCode.KEY_CHECK_DIFFERS),
    "data sets that are not granted": (narrow_permit, RefusalCode.OUTSIDE_THE_PERMIT),
    "package that is gone": (
        lambda shop: package_path(shop).unlink(),
        RefusalCode.PART_DIFFERS_FROM_MANIFEST,
    ),
    "package that is no tar": (
        lambda shop: change_package(shop, lambda _: b"no tar" * 1000),
        RefusalCode.PART_DIFFERS_FROM_MANIFEST,
    ),
    "package without its parts": (
        lambda shop: change_package(shop, lambda data: data.replace(b".age\0", b".egg\0")),
        RefusalCode.PART_DIFFERS_FROM_MANIFEST,
    ),
    "parts with a byte changed": (
        lambda shop: change_package(shop, flipped_in_parts),
        RefusalCode.PART_DIFFERS_FROM_MANIFEST,
    ),
    "package that was cut off": (
        lambda shop: change_package(shop, lambda data: data[:4096]),
        RefusalCode.PART_DIFFERS_FROM_MANIFEST,
    ),
    "other rows than declared": (
        lambda shop: put_manifest(
            shop,
            parts=tuple(p.model_copy(update={"rows": 1}) for p in manifest_of(shop, REGISTRY).parts),
        ),
        RefusalCode.PART_DIFFERS_FROM_MANIFEST,
    ),
}


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_identifiers_are_kept_of_no_such_delivery(at: At, delivery: str) -> None:
    shop, (act, code) = at("received"), DELIVERIES[delivery]
    act(shop)
    shop.do(Job.UNSEAL_IDENTIFIERS, shop.ids[REGISTRY])
    part_is_rejected(shop, REGISTRY, "identifiers", code)


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_payload_is_kept_of_no_such_delivery(at: At, delivery: str) -> None:
    shop, (act, code) = at("received"), DELIVERIES[delivery]
    act(shop)
    shop.do(Job.UNSEAL_PAYLOAD, shop.ids[REGISTRY])
    for name in ("cancer_registration", "death"):
        part_is_rejected(shop, REGISTRY, name, code)


def test_a_delivery_to_a_project_that_is_gone_is_refused(at: At) -> None:
    shop = at("received")
    shop.change("UPDATE submission SET project_id = 'gone' WHERE id = :id", id=shop.ids[REGISTRY])
    shop.do(Job.UNSEAL_IDENTIFIERS, shop.ids[REGISTRY])
    part_is_rejected(shop, REGISTRY, "identifiers", RefusalCode.SIGNATURE_INVALID)


def test_a_part_sealed_to_the_wrong_worker_is_refused(at: At) -> None:
    shop = at("opened")
    desk = shop.desk(REGISTRY)
    turned = desk.recipients.model_copy(
        update={"linkage": desk.recipients.analysis, "analysis": desk.recipients.linkage}
    )
    delivered = shop.desk(REGISTRY, recipients=turned).deliver(shop.home.root / "desk", registry_files)
    shop.ids[REGISTRY] = shop.receive(delivered, recipients=turned)
    shop.drain()
    part_is_rejected(shop, REGISTRY, "identifiers", RefusalCode.SEALED_TO_ANOTHER_KEY)
    part_is_rejected(shop, REGISTRY, "death", RefusalCode.SEALED_TO_ANOTHER_KEY)


def test_rows_that_the_catalogue_does_not_know_are_rejected_with_a_report(at: At) -> None:
    """A provider whose tool was tampered with: its own checks said nothing."""
    shop = at("opened")
    delivered = shop.desk(REGISTRY).deliver(
        shop.home.root / "desk", lambda folder: registry_files(folder, code="C50.9X-canary"), unchecked=True
    )
    shop.ids[REGISTRY] = shop.receive(delivered)
    shop.drain()
    part_is_rejected(shop, REGISTRY, "cancer_registration", RefusalCode.ROWS_INVALID)
    report = shop.part(shop.ids[REGISTRY], "cancer_registration").report
    assert report is not None
    failed = [f for f in report["findings"] if f["outcome"].startswith("Failed") and f["rows"]]
    assert [(f["field"], f["rule"], f["rows"]) for f in failed] == [
        ("primary_diagnosis_icd10", "pattern", 80)
    ]
    assert "canary" not in shop.everything().lower()


def test_an_event_after_the_death_in_the_same_delivery_is_rejected_with_a_report(at: At) -> None:
    """Again a tampered tool: each file is valid by itself."""
    shop = at("opened")
    delivered = shop.desk(REGISTRY).deliver(
        shop.home.root / "desk", lambda folder: registry_files(folder, died="2018-05-05"), unchecked=True
    )
    shop.ids[REGISTRY] = shop.receive(delivered)
    shop.drain()
    part_is_rejected(shop, REGISTRY, "cancer_registration", RefusalCode.ROWS_INVALID)
    report = shop.part(shop.ids[REGISTRY], "cancer_registration").report
    assert report is not None
    failed = [f for f in report["findings"] if f["outcome"].startswith("Failed") and f["rows"]]
    assert [(f["field"], f["rule"], f["rows"]) for f in failed] == [("diagnosis_date", "death", 4)]


# --- what is said of all this


def test_refusals_say_codes_and_counts_only(at: At) -> None:
    shop = at("received")
    put_manifest(shop, STRANGER)
    shop.do(Job.UNSEAL_PAYLOAD, shop.ids[REGISTRY])
    part = shop.part(shop.ids[REGISTRY], "death")
    assert json.loads(json.dumps(part.counts)) == {}
    assert shop.log.getvalue() == ""
