"""What workers do not believe, whatever the database says: each job refuses, and says so with a code."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from linkage_engine.contract.manifest import Manifest
from linkage_engine.contract.permit import DataSetGrant
from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.statements import HandOverKind, Verdict
from service.audit.vocabulary import Action, Outcome
from service.jobs import Job
from service.linkage_runs.rules import RunState
from service.queries.rules import QueryState
from service.releases.rules import ReleaseState
from service.signed import SigningKey, TextType, sign, verified
from service.submissions.rules import PartState, SubmissionState
from service.worker.hand_overs import HandOvers
from tests.factories import PROJECT, a_decision, a_specification
from tests.integration.conftest import At
from tests.integration.extracts import PRACTICES, REGISTRY, registry_files
from tests.integration.workshop import Workshop

Break = Callable[[Workshop], object]
STRANGER = SigningKey.generate()


# --- permits, for every job that starts work


def put_permit(shop: Workshop, text: str) -> None:
    shop.change("UPDATE project SET permit = :text", text=text)


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


def part_is_rejected(shop: Workshop, provider: str, name: str, code: RefusalCode) -> None:
    part = shop.part(shop.ids[provider], name)
    assert (part.state, part.code) == (PartState.REJECTED, code.value)
    assert shop.submission(shop.ids[provider]).state is SubmissionState.REJECTED
    kept = [path for role in ("linkage", "analysis") for path in shop.home.vault(role).rglob("*.parquet")]
    assert not [path for path in kept if path.stem == name]


def run_failed(shop: Workshop, code: RefusalCode) -> None:
    run = shop.run(shop.ids["run"])
    assert (run.state, run.code) == (RunState.FAILED, code.value)


def query_failed(shop: Workshop, code: RefusalCode) -> None:
    query = shop.query(shop.ids["query"])
    assert (query.state, query.code) == (QueryState.FAILED, code.value)


def release_failed(shop: Workshop, code: RefusalCode) -> None:
    release = shop.release(shop.ids["query"])
    assert (release.state, release.code, release.statement) == (ReleaseState.FAILED, code.value, None)
    assert not (shop.spool / "releases" / release.id).exists()
    last = shop.entries()[-1]
    assert (last.action, last.outcome) == (Action.RELEASE_SIGN, Outcome.FAILED)


# --- deliveries


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


# --- linkage


def test_a_run_over_a_vault_without_its_records_fails(at: At) -> None:
    shop = at("run-asked")
    for path in shop.home.vault("linkage").rglob("*.parquet"):
        path.unlink()
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.VAULT_OBJECT_MISSING)


def test_a_run_over_a_damaged_vault_fails(at: At) -> None:
    shop = at("run-asked")
    for path in shop.home.vault("linkage").rglob("*.parquet"):
        path.write_bytes(b"damaged" * 100)
    shop.do(Job.LINK, shop.ids["run"])
    run_failed(shop, RefusalCode.VAULT_DAMAGED)


def hand_over(shop: Workshop, subject: str, suffix: str) -> Path:
    (path,) = (shop.spool / "hand-overs").glob(f"*-{shop.ids[subject]}{suffix}")
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


# --- questions


def put_question(shop: Workshop, text: str) -> None:
    shop.change("UPDATE query SET question = :text", text=text)


QUESTIONS: dict[str, tuple[Break, RefusalCode]] = {
    "signed by a stranger": (
        lambda shop: put_question(shop, shop.question_text(STRANGER)),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "signed by a checker": (
        lambda shop: put_question(shop, shop.question_text(shop.people["cheng"].key)),
        RefusalCode.SIGNATURE_INVALID,
    ),
    "about another project": (
        lambda shop: put_question(
            shop, shop.question_text(specification=a_specification(project_id="another-project"))
        ),
        RefusalCode.OUTSIDE_THE_PERMIT,
    ),
    "by a template that is not permitted": (
        lambda shop: put_permit(shop, shop.permit_text(templates=())),
        RefusalCode.OUTSIDE_THE_PERMIT,
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_such_question_is_answered(at: At, question: str) -> None:
    shop, (act, code) = at("asked"), QUESTIONS[question]
    act(shop)
    shop.do(Job.ANSWER, shop.ids["query"])
    query_failed(shop, code)
    assert not list((shop.spool / "hand-overs").glob("aggregates-*"))


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_answer_to_such_a_question_is_controlled(at: At, question: str) -> None:
    shop, (act, code) = at("answered"), QUESTIONS[question]
    act(shop)
    shop.do(Job.CONTROL, shop.ids["query"])
    query_failed(shop, code)


def test_a_question_without_linked_data_fails(at: At) -> None:
    shop = at("asked")
    (shop.home.vault("analysis") / PROJECT / "crosswalk.parquet").unlink()
    shop.do(Job.ANSWER, shop.ids["query"])
    query_failed(shop, RefusalCode.NO_LINKED_DATA)


def test_a_policy_that_nobody_ships_controls_nothing(at: At) -> None:
    shop = at("answered")
    put_permit(shop, shop.permit_text(policy="anything-goes"))
    shop.do(Job.CONTROL, shop.ids["query"])
    query_failed(shop, RefusalCode.UNKNOWN_POLICY)


# --- approvals


def put_decisions(shop: Workshop, texts: Sequence[str]) -> None:
    """Rows that say that two checkers approved, with these texts."""
    shop.change("DELETE FROM release_decision")
    for checker, text in zip(("cheng", "carol"), texts, strict=False):
        shop.change(
            "INSERT INTO release_decision (release_id, checker_id, author_id, verdict, reason, decision,"
            " decision_sha256, decided_at)"
            " VALUES (:id, :checker, 'rosalind', 'approve', 'Safe', :text, :digest, '2025-04-07 09:00:00')",
            id=shop.ids["query"],
            checker=checker,
            text=text,
            digest="0" * 64,
        )


def decision(shop: Workshop, checker: str, key: SigningKey | None = None, **changes: object) -> str:
    _, digest = shop.evidence("cheng", shop.ids["query"])
    made = a_decision(checker, shop.ids["query"], digest).model_copy(update=changes)
    return sign(made, key or shop.people[checker].key, TextType.DECISION)


def approving_texts(shop: Workshop, of: str) -> list[str]:
    first = decision(shop, "cheng")
    return {
        "one only": [first],
        "none": [],
        "one checker's twice": [first, first],
        "the author's": [first, decision(shop, "rosalind")],
        "one key under two names": [first, decision(shop, "carol", shop.people["cheng"].key)],
        "a stranger's": [first, decision(shop, "carol", STRANGER)],
        "of other evidence": [first, decision(shop, "carol", evidence_sha256="f" * 64)],
        "of another release": [first, decision(shop, "carol", release_id="cd" * 16)],
        "a refusal": [first, decision(shop, "carol", verdict=Verdict.REFUSE)],
    }[of]


APPROVALS = (
    "one only",
    "none",
    "one checker's twice",
    "the author's",
    "one key under two names",
    "a stranger's",
    "of other evidence",
    "of another release",
    "a refusal",
)


@pytest.mark.parametrize("of", APPROVALS)
def test_no_such_approvals_release_anything(at: At, of: str) -> None:
    shop = at("approved")
    put_decisions(shop, approving_texts(shop, of))
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.SIGNATURE_INVALID)


def test_true_approvals_put_into_the_database_by_hand_are_believed(at: At) -> None:
    shop = at("approved")
    put_decisions(shop, [decision(shop, "cheng"), decision(shop, "carol")])
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    assert shop.release(shop.ids["query"]).state is ReleaseState.SIGNED


def test_a_release_whose_evidence_is_gone_is_not_signed(at: At) -> None:
    shop = at("approved")
    for path in (shop.home.vault("gate")).rglob("evidence.parquet"):
        path.unlink()
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    release_failed(shop, RefusalCode.VAULT_OBJECT_MISSING)


def test_nothing_is_signed_that_was_not_approved(at: At) -> None:
    shop = at("controlled")
    before = shop.everything()
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])
    assert shop.everything() == before
    assert not (shop.spool / "releases" / shop.ids["query"]).exists()


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


# --- what is said of all this


def test_refusals_say_codes_and_counts_only(at: At) -> None:
    shop = at("received")
    put_manifest(shop, STRANGER)
    shop.do(Job.UNSEAL_PAYLOAD, shop.ids[REGISTRY])
    part = shop.part(shop.ids[REGISTRY], "death")
    assert json.loads(json.dumps(part.counts)) == {}
    assert shop.log.getvalue() == ""


def test_a_permit_is_judged_by_the_clock_that_was_passed(at: At) -> None:
    shop = at("received")
    shop.clock.now -= timedelta(days=365)
    shop.do(Job.UNSEAL_IDENTIFIERS, shop.ids[REGISTRY])
    part_is_rejected(shop, REGISTRY, "identifiers", RefusalCode.PERMIT_NOT_LIVE)
