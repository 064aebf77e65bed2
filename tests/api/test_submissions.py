"""Deliveries: received whole and once, refused by name, followed to the end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from linkage_engine.contract.manifest import Zone
from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.reports import FieldReport, ValidationClass, ValidationReport
from service.problems.requests import NotFound, RequestTooLarge, StorageFull
from service.problems.submissions import PackageUnreadable
from service.signed import SigningKey, TextType, sign
from service.submissions.actions import part_rejected, part_unsealed
from service.submissions.spool import sweep, take_in
from tests.at_work import AtWork
from tests.factories import ANALYSIS_RECIPIENT, PROJECT, a_manifest, a_part, a_tar

pytestmark = pytest.mark.both_databases

NORTH = "northern-trust"


def files(service: AtWork) -> list[str]:
    return sorted(path.name for path in (service.here.settings.spool / "submissions").iterdir())


def refused(service: AtWork, package: bytes, *, name: str = NORTH) -> tuple[int, str]:
    """Status and slug of a refusal that left nothing behind but one entry."""
    before_files, before_jobs, before = files(service), service.jobs(), len(service.entries())
    service.token(name)
    signed_in = len(service.entries()) - before
    answer = service.send(name, package)
    slug = answer.json()["type"].removeprefix("/problems/")
    assert files(service) == before_files
    assert service.jobs() == before_jobs
    entries = service.entries()[before + signed_in :]
    assert [(e.action, e.detail) for e in entries] == [
        ("request:refuse", {"code": slug, "status": answer.status_code})
    ]
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
        ({"linkage_profile": "bloom"}, "manifest-mismatch", 422),
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
    for data in (b"", b"\x00" * 1024, b"nothing of the kind" * 100):
        assert refused(project, data) == (422, "package-unreadable")


def test_a_delivery_over_the_limit_is_refused_before_it_is_read(project: AtWork) -> None:
    limit = project.here.settings.submission_limit_bytes
    headers = {**project.bearer(NORTH), "content-length": str(limit + 1)}
    answer = project.client.post(f"/projects/{PROJECT}/submissions", content=b"x", headers=headers)
    assert (answer.status_code, answer.json()["limit_bytes"]) == (413, limit)


def test_a_delivery_says_its_length_first(project: AtWork) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x"

    answer = project.client.post(
        f"/projects/{PROJECT}/submissions", content=pieces(), headers=project.bearer(NORTH)
    )
    assert (answer.status_code, answer.json()["type"]) == (411, "/problems/length-required")
    headers = {**project.bearer(NORTH), "content-length": "-5"}
    answer = project.client.post(f"/projects/{PROJECT}/submissions", content=b"x", headers=headers)
    assert answer.status_code == 422


def test_somebody_elses_project_is_refused_before_a_byte_is_kept(project: AtWork) -> None:
    answer = project.send(NORTH, project.package(NORTH), project_id="another")
    assert answer.status_code == 404
    assert files(project) == []


def test_a_delivery_that_breaks_off_leaves_an_entry_and_nothing_else(project: AtWork) -> None:
    path = f"/projects/{PROJECT}/submissions"
    token = project.token(NORTH)
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]
    )
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode()), (b"content-length", b"100")],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(_: Any) -> None:
        pass

    asyncio.run(project.app(scope, receive, send))
    entry = project.entries()[-1]
    assert (entry.action, entry.outcome, entry.detail["code"]) == (
        "submission:refuse",
        "failed",
        "interrupted",
    )
    assert files(project) == []


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


def test_what_a_crash_left_half_taken_in_is_swept_away(project: AtWork) -> None:
    folder = project.here.settings.spool / "submissions"
    project.receive(NORTH)
    (folder / "incoming-0123").write_bytes(b"half")
    sweep(project.here.settings.spool)
    assert [Path(name).suffix for name in files(project)] == [".tresub"]


# --- the spool by itself


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize(
    ("chunks", "length", "problem"),
    [((b"abc",), 4, PackageUnreadable), ((b"abc", b"de"), 4, RequestTooLarge)],
)
def test_a_stream_of_another_length_is_refused(
    tmp_path: Path, chunks: tuple[bytes, ...], length: int, problem: type[Exception]
) -> None:
    (tmp_path / "submissions").mkdir()
    with pytest.raises(problem):
        asyncio.run(take_in(stream(*chunks), tmp_path, name="n", length=length))
    assert list((tmp_path / "submissions").iterdir()) == []


def test_a_large_stream_is_kept_under_its_digest(tmp_path: Path) -> None:
    (tmp_path / "submissions").mkdir()
    data = bytes(range(256)) * 8192
    pieces = [data[at : at + 65_536] for at in range(0, len(data), 65_536)]
    incoming = asyncio.run(take_in(stream(*pieces), tmp_path, name="n", length=len(data)))
    kept = incoming.keep()
    assert kept.name == f"{hashlib.sha256(data).hexdigest()}.tresub"
    assert kept.read_bytes() == data


def test_a_full_disk_is_a_problem_and_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "submissions").mkdir()

    async def full() -> AsyncIterator[bytes]:
        yield b"abc"
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageFull):
        asyncio.run(take_in(full(), tmp_path, name="n", length=10))
    assert list((tmp_path / "submissions").iterdir()) == []
