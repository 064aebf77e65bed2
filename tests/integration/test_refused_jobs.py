"""What workers do not believe, whatever the database says: each job refuses, and says so with a code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.statements import HandOverKind
from service.jobs import Job
from service.worker.hand_overs import HandOvers
from tests.factories import PROJECT
from tests.integration.conftest import At
from tests.integration.extracts import REGISTRY
from tests.integration.refusing import (
    STRANGER,
    Break,
    open_with,
    part_is_rejected,
    put_permit,
    query_failed,
    release_failed,
    run_failed,
)
from tests.integration.workshop import Workshop

# --- permits, for every job that starts work

PERMITS: dict[str, tuple[Break, RefusalCode]] = {
    "forged": (
        lambda shop: put_permit(shop, shop.permit_text(STRANGER)),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "expired": (
        lambda shop: shop.clock.forward(days=30 * 365),
        RefusalCode.PERMIT_NOT_LIVE,
    ),
    "of another project": (
        lambda shop: put_permit(shop, shop.permit_text(project_id="another-project")),
        RefusalCode.SIGNATURE_INVALID,
    ),
}


@pytest.mark.parametrize("permit", PERMITS)
def test_no_identifier_is_unsealed_without_a_permit(at: At, permit: str) -> None:
    shop, (act, code) = at("received"), PERMITS[permit]
    act(shop)
    shop.do(Job.UNSEAL_IDENTIFIERS, shop.ids[REGISTRY])
    part_is_rejected(shop, REGISTRY, "identifiers", code)


@pytest.mark.parametrize("permit", PERMITS)
def test_no_payload_is_unsealed_without_a_permit(at: At, permit: str) -> None:
    shop, (act, code) = at("received"), PERMITS[permit]
    act(shop)
    shop.do(Job.UNSEAL_PAYLOAD, shop.ids[REGISTRY])
    for name in ("cancer_registration", "death"):
        part_is_rejected(shop, REGISTRY, name, code)


@pytest.mark.parametrize("permit", PERMITS)
def test_nothing_is_linked_without_a_permit(at: At, permit: str) -> None:
    shop, (act, code) = at("run-asked"), PERMITS[permit]
    act(shop)
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, code)


@pytest.mark.parametrize("permit", PERMITS)
def test_nothing_is_answered_without_a_permit(at: At, permit: str) -> None:
    shop, (act, code) = at("asked"), PERMITS[permit]
    act(shop)
    shop.do(Job.ANSWER, shop.ids["query"])
    query_failed(shop, code)


@pytest.mark.parametrize("permit", PERMITS)
def test_nothing_is_controlled_without_a_permit(at: At, permit: str) -> None:
    shop, (act, code) = at("answered"), PERMITS[permit]
    act(shop)
    shop.do(Job.CONTROL, shop.ids["query"])
    query_failed(shop, code)
    assert not (shop.spool / "evidence" / shop.ids["query"]).exists()


@pytest.mark.parametrize("permit", PERMITS)
def test_nothing_is_released_without_a_permit(at: At, permit: str) -> None:
    shop, (act, code) = at("approved"), PERMITS[permit]
    act(shop)
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, code)


def test_a_permit_is_judged_by_the_clock_that_was_passed(at: At) -> None:
    shop = at("received")
    shop.clock.now -= timedelta(days=365)
    shop.do(Job.UNSEAL_IDENTIFIERS, shop.ids[REGISTRY])
    part_is_rejected(shop, REGISTRY, "identifiers", RefusalCode.PERMIT_NOT_LIVE)


# --- linkage


def test_a_run_over_a_vault_without_its_records_fails(at: At) -> None:
    shop = at("run-asked")
    for path in shop.home.vault("linkage").rglob("*.parquet"):
        path.unlink()
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.VAULT_OBJECT_MISSING)


def test_a_run_whose_permit_asks_for_spark_is_not_linked_by_anything_else(at: At) -> None:
    shop = at("run-asked")
    open_with(shop, shop.permit_text(engine="spark"))
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.SPARK_NOT_SET_UP)
    assert not list(shop.home.vault("linkage").rglob("spine*"))


def test_a_run_over_a_damaged_vault_fails(at: At) -> None:
    shop = at("run-asked")
    for path in shop.home.vault("linkage").rglob("*.parquet"):
        path.write_bytes(b"damaged" * 100)
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.VAULT_DAMAGED)


def hand_over(shop: Workshop, subject: str, suffix: str) -> Path:
    (path,) = (shop.spool / "hand-overs").glob(f"*/*-{shop.ids[subject]}{suffix}")
    return path


def sign_by_a_stranger(subject: str, kind: HandOverKind) -> Break:
    """Somebody else sealed it to the receiver and signed it with a key of their own."""

    def act(shop: Workshop) -> None:
        kept = hand_over(shop, subject, ".age").read_bytes()

        def write(file: BinaryIO) -> None:
            file.write(kept)

        HandOvers(shop.spool).send(
            kind, project_id=PROJECT, subject_id=shop.ids[subject], key=STRANGER, write=write
        )

    return act


def hand_over_breaks(subject: str, kind: HandOverKind) -> dict[str, tuple[Break, RefusalCode]]:
    def flip(shop: Workshop) -> None:
        path = hand_over(shop, subject, ".age")
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)

    return {
        "forged": (sign_by_a_stranger(subject, kind), RefusalCode.SIGNATURE_INVALID),
        "altered": (flip, RefusalCode.HAND_OVER_INVALID),
        "missing": (lambda shop: hand_over(shop, subject, ".age").unlink(), RefusalCode.HAND_OVER_INVALID),
        "unsigned": (lambda shop: hand_over(shop, subject, ".jws").unlink(), RefusalCode.HAND_OVER_INVALID),
    }


CROSSWALKS = hand_over_breaks("run", HandOverKind.CROSSWALK)
AGGREGATES = hand_over_breaks("query", HandOverKind.AGGREGATES)


@pytest.mark.parametrize("damage", CROSSWALKS)
def test_no_such_crosswalk_is_taken(at: At, damage: str) -> None:
    shop, (act, code) = at("linked"), CROSSWALKS[damage]
    act(shop)
    shop.do(Job.RECEIVE_CROSSWALK, shop.ids["run"])
    run_failed(shop, code)
    assert not (shop.home.vault("analysis") / PROJECT / "crosswalk.parquet").exists()


@pytest.mark.parametrize("damage", AGGREGATES)
def test_no_such_aggregates_are_controlled(at: At, damage: str) -> None:
    shop, (act, code) = at("answered"), AGGREGATES[damage]
    act(shop)
    shop.do(Job.CONTROL, shop.ids["query"])
    query_failed(shop, code)


# --- jobs that failed in a way nobody foresaw

FAILED: dict[Job, tuple[str, Callable[[Workshop], object]]] = {
    Job.UNSEAL_IDENTIFIERS: (
        "received",
        lambda shop: part_is_rejected(shop, REGISTRY, "identifiers", RefusalCode.UNFORESEEN),
    ),
    Job.UNSEAL_PAYLOAD: (
        "received",
        lambda shop: part_is_rejected(shop, REGISTRY, "death", RefusalCode.UNFORESEEN),
    ),
    Job.LINK: ("run-asked", lambda shop: run_failed(shop, RefusalCode.UNFORESEEN)),
    Job.RECEIVE_CROSSWALK: ("linked", lambda shop: run_failed(shop, RefusalCode.UNFORESEEN)),
    Job.ANSWER: ("asked", lambda shop: query_failed(shop, RefusalCode.UNFORESEEN)),
    Job.CONTROL: ("answered", lambda shop: query_failed(shop, RefusalCode.UNFORESEEN)),
    Job.SIGN_RELEASE: ("approved", lambda shop: release_failed(shop, RefusalCode.UNFORESEEN)),
}
SUBJECTS = {
    Job.UNSEAL_IDENTIFIERS: REGISTRY,
    Job.UNSEAL_PAYLOAD: REGISTRY,
    Job.LINK: "run",
    Job.RECEIVE_CROSSWALK: "run",
}


@pytest.mark.parametrize("job", FAILED)
def test_a_job_that_failed_for_good_leaves_nobody_waiting(at: At, job: Job) -> None:
    stage, check = FAILED[job]
    shop = at(stage)
    shop.fail(job, shop.ids[SUBJECTS.get(job, "query")])
    check(shop)
