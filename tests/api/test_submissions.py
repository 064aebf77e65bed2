"""Deliveries: received whole and once, refused by name, followed to the end."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from linkage_engine.contract.manifest import Zone
from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.reports import FieldReport, ValidationClass, ValidationReport
from service.problems.requests import NotFound
from service.signed import SigningKey, TextType, sign
from service.submissions.actions import part_rejected, part_unsealed
from tests.at_work import AtWork
from tests.factories import ANALYSIS_RECIPIENT, a_manifest, a_part, a_tar

pytestmark = pytest.mark.both_databases

NORTH = "northern-trust"


def files(service: AtWork) -> list[str]:
    return sorted(path.name for path in (service.here.settings.spool / "submissions").iterdir())


def refused(service: AtWork, package: bytes, *, name: str = NORTH) -> tuple[int, str]:
    """Status and slug of a refusal that left nothing behind but one entry."""
    upload_id = service.uploaded(name, package)
    before_files, before_jobs, before = files(service), service.jobs(), len(service.entries())
    answer = service.finish(name, upload_id)
    slug = answer.json()["type"].removeprefix("/problems/")
    assert files(service) == before_files
    assert not (service.here.settings.spool / "uploads" / upload_id).exists()
    assert service.jobs() == before_jobs
    assert [(e.action, e.detail) for e in service.entries()[before:]] == [
        ("request:refuse", {"code": slug, "status": answer.status_code})
    ]
    again = service.finish(name, upload_id)
    assert (again.status_code, again.json()["type"]) == (404, "/problems/not-found")
    return answer.status_code, slug


def test_a_delivery_is_received_with_a_receipt_and_two_jobs(project: AtWork) -> None:
    package = project.package(NORTH)
    answer = project.send(NORTH, package)
    digest = hashlib.sha256(package).hexdigest()
    assert answer.status_code == 201
    receipt = answer.json()
    assert (receipt["sealed_sha256"], receipt["state"], receipt["log_index"]) == (digest, "received", None)
    assert files(project) == [f"{digest}.tresub"]
    stored = project.here.settings.spool / "submissions" / f"{digest}.tresub"
    assert stored.read_bytes() == package
    assert set(project.jobs()) == {
        f"unseal-identifiers:{receipt['submission_id']}",
        f"unseal-payload:{receipt['submission_id']}",
    }
    entry = project.entries()[-1]
    assert (entry.entry_id, entry.action) == (receipt["entry_id"], "submission:receive")


def test_the_same_bytes_again_are_the_same_delivery(project: AtWork) -> None:
    package = project.package(NORTH)
    first, again = project.send(NORTH, package), project.send(NORTH, package)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(files(project)) == 1
    assert len(project.jobs()) == 2


def test_a_receipt_names_its_place_in_the_log_once_it_is_there(project: AtWork) -> None:
    submission_id = project.receive(NORTH)
    project.bring_log_up_to_date()
    shown = project.get(NORTH, f"/submissions/{submission_id}").json()
    assert shown["log_index"] is not None


@pytest.mark.parametrize(
    ("changes", "slug", "status"),
    [
        ({"project_id": "another"}, "manifest-mismatch", 422),
        ({"provider_id": "southern-trust"}, "manifest-mismatch", 422),
        ({"linkage_profile": "bloom"}, "wrong-linkage-profile", 422),
        ({"contents": {"identifiers": b"i"}}, "manifest-mismatch", 422),
        ({"contents": {"cancer_registration": b"c"}}, "manifest-mismatch", 422),
        ({"contents": {"identifiers": b"i", "gp_registration": b"g"}}, "manifest-mismatch", 422),
        ({"part": {"zone": Zone.LINKAGE}}, "manifest-mismatch", 422),
        ({"part": {"sealed_sha256": "0" * 64}}, "parts-differ", 422),
        ({"part": {"sealed_bytes": 5}}, "parts-differ", 422),
        ({"part": {"recipient": "age1pq1retired"}}, "wrong-recipient", 422),
        ({"key_check": "00" * 16}, "wrong-linkage-secret", 422),
        ({"secret_epoch": 2}, "wrong-linkage-secret", 422),
    ],
)
def test_a_delivery_that_is_not_what_the_permit_says_is_refused(
    project: AtWork, changes: dict[str, Any], slug: str, status: int
) -> None:
    assert refused(project, project.package(NORTH, **changes)) == (status, slug)


def test_a_wrong_recipient_is_told_the_current_one(project: AtWork) -> None:
    contents = {"identifiers": b"i", "cancer_registration": b"c"}
    parts = [a_part("identifiers", b"i"), a_part("cancer_registration", b"c", recipient="age1pq1old")]
    manifest = sign(a_manifest(parts, random=project.random), project.people[NORTH].key, TextType.MANIFEST)
    members = [("manifest.jws", manifest.encode()), *((f"{n}.age", d) for n, d in contents.items())]
    answer = project.send(NORTH, a_tar(members))
    assert answer.json()["current"] == ANALYSIS_RECIPIENT
    assert answer.json()["part"] == "cancer_registration"


def test_a_manifest_of_another_key_is_refused(project: AtWork) -> None:
    parts = [a_part("identifiers", b"i"), a_part("cancer_registration", b"c")]
    text = sign(a_manifest(parts, random=project.random), SigningKey.generate(), TextType.MANIFEST)
    package = a_tar(
        [("manifest.jws", text.encode()), ("identifiers.age", b"i"), ("cancer_registration.age", b"c")]
    )
    assert refused(project, package) == (422, "manifest-refused")


def test_members_other_than_the_parts_of_the_manifest_are_refused(project: AtWork) -> None:
    parts = [a_part("identifiers", b"i"), a_part("cancer_registration", b"c")]
    text = sign(a_manifest(parts, random=project.random), project.people[NORTH].key, TextType.MANIFEST)
    manifest = ("manifest.jws", text.encode())
    first, second = ("identifiers.age", b"i"), ("cancer_registration.age", b"c")
    for members in ([first], [second, first], [first, second, ("death.age", b"d")], []):
        assert refused(project, a_tar([manifest, *members])) == (422, "package-unreadable")


def test_counters_rise(project: AtWork) -> None:
    project.receive(NORTH, counter=5)
    for counter in (4, 5):
        assert refused(project, project.package(NORTH, counter=counter)) == (409, "counter-not-rising")
    project.receive(NORTH, counter=6)
    project.receive("southern-trust", counter=1)


def test_a_delivery_of_another_provider_is_refused_when_replayed(project: AtWork) -> None:
    package = project.package(NORTH)
    project.send(NORTH, package)
    assert refused(project, package, name="southern-trust") == (422, "manifest-refused")


def test_bytes_that_are_no_package_are_refused(project: AtWork) -> None:
    for data in (b"\x00" * 1024, b"nothing of the kind" * 100):
        assert refused(project, data) == (422, "package-unreadable")


def test_a_delivery_is_accepted_when_all_its_parts_are_unsealed(project: AtWork) -> None:
    submission_id = project.receive(NORTH)
    report = ValidationReport(
        data_set="cancer_registration",
        rows=10,
        findings=(FieldReport(field="sex", rule="list", outcome=ValidationClass.VALID, rows=10),),
    )
    with project.worker("worker-linkage") as act:
        assert part_unsealed(act, submission_id, "identifiers", rows=10) == "received"
    with project.worker("worker-analysis") as act:
        assert part_unsealed(act, submission_id, "cancer_registration", rows=10, report=report) == "accepted"
    shown = project.get(NORTH, f"/submissions/{submission_id}").json()
    assert shown["state"] == "accepted"
    assert shown["parts"][1]["report"]["findings"][0]["rows"] == 10
    actions = [entry.action.value for entry in project.entries()]
    assert actions.count("part:unseal") == 2
    assert actions.count("submission:accept") == 1


def test_reporting_a_part_again_changes_nothing(project: AtWork) -> None:
    submission_id = project.accept(NORTH)
    before = len(project.entries())
    with project.worker("worker-linkage") as act:
        assert part_unsealed(act, submission_id, "identifiers", rows=99) == "accepted"
        assert (
            part_rejected(act, submission_id, "identifiers", code=RefusalCode.ROWS_INVALID, counts={})
            == "accepted"
        )
    assert len(project.entries()) == before


def test_a_refused_part_refuses_the_delivery_and_says_what_to_do(project: AtWork) -> None:
    submission_id = project.receive(NORTH)
    project.reject(submission_id, "cancer_registration")
    with project.worker("worker-linkage") as act:
        assert part_unsealed(act, submission_id, "identifiers", rows=10) == "rejected"
    shown = project.get(NORTH, f"/submissions/{submission_id}").json()
    part = shown["parts"][1]
    assert (shown["state"], part["state"], part["code"]) == ("rejected", "rejected", "rows-invalid")
    assert part["counts"] == {"rows": 3}
    assert "tre-provider validate" in part["remedy"]


def test_a_newer_accepted_delivery_supersedes_the_earlier(project: AtWork) -> None:
    first = project.accept(NORTH, counter=1)
    second = project.accept(NORTH, counter=2)
    states = [project.get(NORTH, f"/submissions/{s}").json()["state"] for s in (first, second)]
    assert states == ["superseded", "accepted"]


def test_the_highest_counter_stands_whichever_is_unsealed_last(project: AtWork) -> None:
    first, second = project.receive(NORTH, counter=1), project.receive(NORTH, counter=2)
    for submission_id in (second, first):
        for part in ("identifiers", "cancer_registration"):
            with project.worker("worker-linkage") as act:
                part_unsealed(act, submission_id, part, rows=10)
    states = [project.get(NORTH, f"/submissions/{s}").json()["state"] for s in (first, second)]
    assert states == ["superseded", "accepted"]


def test_a_worker_reports_on_parts_that_exist(project: AtWork) -> None:
    submission_id = project.receive(NORTH)
    for known, part in ((submission_id, "death"), ("0" * 32, "identifiers")):
        with pytest.raises(NotFound), project.worker("worker-linkage") as act:
            part_unsealed(act, known, part, rows=1)


# --- what a delivery replaces


def replaced(service: AtWork, submission_id: str) -> dict[str, Any] | None:
    shown: dict[str, Any] | None = service.get(NORTH, f"/submissions/{submission_id}").json()["replaces"]
    return shown


def test_a_first_delivery_replaces_nothing(project: AtWork) -> None:
    answer = project.send(NORTH, project.package(NORTH))
    assert answer.json()["replaces"] is None
    assert "replaces" not in project.entries()[-1].detail


def test_a_receipt_says_which_delivery_is_replaced_and_the_rows_of_each_part(project: AtWork) -> None:
    first = project.accept(NORTH, counter=3)
    answer = project.send(NORTH, project.package(NORTH, counter=7, part={"rows": 12}))
    said = {
        "submission_id": first,
        "counter": 3,
        "parts": [
            {"name": "identifiers", "rows_before": 10, "rows": 12},
            {"name": "cancer_registration", "rows_before": 10, "rows": 12},
        ],
    }
    second = answer.json()["submission_id"]
    assert answer.json()["replaces"] == replaced(project, second) == said
    received = next(e for e in project.entries() if e.subject == second)
    told = {"replaces": first, "replaced_counter": 3, "rows_before": 20, "rows": 24, "counter": 7}
    assert received.action == "submission:receive"
    assert {name: received.detail[name] for name in told} == told


def test_how_many_were_left_out_is_in_the_receipt_and_the_log(project: AtWork) -> None:
    left_out = [{"reason": "ndoo", "persons": 3, "rows": 40}, {"reason": "list", "persons": 1, "rows": 2}]
    answer = project.send(NORTH, project.package(NORTH, left_out=left_out))
    assert answer.json()["left_out"] == left_out
    shown = project.get(NORTH, f"/submissions/{answer.json()['submission_id']}").json()
    assert shown["left_out"] == left_out
    entry = project.entries()[-2]
    assert entry.action == "submission:receive"
    assert (entry.detail["persons_left_out"], entry.detail["rows_left_out"]) == (4, 42)


def test_a_delivery_of_an_older_tool_left_nobody_out_that_it_said(project: AtWork) -> None:
    assert project.send(NORTH, project.package(NORTH)).json()["left_out"] == []


def test_the_log_says_the_rows_of_each_part_before_and_after(project: AtWork) -> None:
    first = project.accept(NORTH, counter=1)
    second = project.accept(NORTH, counter=2, part={"rows": 9})
    of_parts = [e.detail for e in project.entries() if e.action == "part:unseal" and e.subject == second]
    assert of_parts == [
        {"part": name, "rows": 9, "rows_before": 10} for name in ("identifiers", "cancer_registration")
    ]
    accepted = [e.detail for e in project.entries() if e.action == "submission:accept"]
    assert accepted[0] == {"counter": 1}
    assert accepted[1] == {"counter": 2, "replaces": first, "replaced_counter": 1, "rows_before": 20}


def test_what_was_really_replaced_is_said_once_it_was(project: AtWork) -> None:
    """Two deliveries wait; the second knew of no accepted one when it came, and then replaces the first."""
    first, second = project.receive(NORTH, counter=1), project.receive(NORTH, counter=2)
    assert replaced(project, second) is None
    for submission_id in (first, second):
        for part in ("identifiers", "cancer_registration"):
            with project.worker("worker-linkage") as act:
                part_unsealed(act, submission_id, part, rows=10)
    shown = replaced(project, second)
    assert shown is not None
    assert (shown["submission_id"], shown["counter"]) == (first, 1)
    assert replaced(project, first) is None


def test_another_providers_delivery_is_not_replaced(project: AtWork) -> None:
    project.accept("southern-trust", counter=1)
    assert replaced(project, project.accept(NORTH, counter=2)) is None
