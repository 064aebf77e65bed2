"""Releases: two checkers, neither the author, bound to the evidence; out only through the log."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.statements import ReleasedFile, ReleaseStatement, Verdict
from service.audit.archive import NotVerified
from service.audit.bundle import Pins, verify_bundle, verify_package
from service.audit.checkpoint import LogKey
from service.audit.signature import keys_of
from service.problems.requests import NotFound
from service.queries.actions import fail_query
from service.releases.actions import fail_release, open_release, sign_release
from service.releases.records import ReleaseDecision
from service.signed import SigningKey, TextType, canonical, sign
from tests.at_work import EVIDENCE, TABLE, AtWork
from tests.factories import NOON, PROJECT, a_decision, a_published_record

pytestmark = pytest.mark.both_databases

CSV = b"sex,persons\nFemale,120\n"


def statement_of(release_id: str, files: dict[str, bytes], at: datetime = NOON) -> ReleaseStatement:
    return ReleaseStatement(
        release_id=release_id,
        project_id=PROJECT,
        query_id=release_id,
        files=tuple(
            ReleasedFile(name=name, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
            for name, data in files.items()
        ),
        approved_by=("carol", "cheng"),
        decisions_sha256=("a" * 64, "b" * 64),
        released_at=at,
    )


def signed(
    service: AtWork, release_id: str, *, key: SigningKey | None = None, name: str = "table.csv"
) -> None:
    """What the gate does when two have approved."""
    folder = service.here.settings.spool / "releases" / release_id
    folder.mkdir(exist_ok=True)
    (folder / Path(name).name).write_bytes(CSV)
    statement = statement_of(release_id, {name: CSV})
    text = sign(statement, key or service.release_key, TextType.RELEASE)
    digest = hashlib.sha256(canonical(statement)).hexdigest()
    with service.worker("worker-gate") as act:
        assert sign_release(act, release_id, statement=text, statement_sha256=digest) == "signed"


def approved(service: AtWork, release_id: str) -> None:
    for name in ("cheng", "carol"):
        assert service.decide(name, release_id).status_code == 201


def test_two_approvals_are_needed(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    assert service.decide("cheng", release_id).json()["state"] == "awaiting"
    assert not any(job.startswith("sign-release") for job in service.jobs())
    assert service.decide("carol", release_id).json()["state"] == "approved"
    assert f"sign-release:{release_id}" in service.jobs()


def test_one_refusal_ends_a_release(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    service.decide("cheng", release_id)
    answer = service.decide("carol", release_id, verdict=Verdict.REFUSE)
    assert answer.json()["state"] == "refused"
    late = service.decide("chidi", release_id)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/already-decided")
    assert not any(job.startswith("sign-release") for job in service.jobs())


def test_a_checker_decides_once(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    service.decide("cheng", release_id)
    again = service.decide("cheng", release_id)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-decided")


def test_a_decision_is_bound_to_its_checker_release_and_evidence(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    path = f"/releases/{release_id}/decisions"
    cheng = service.people["cheng"].key
    wrong = {
        "another's signature": service.decision("carol", release_id),
        "another's name": sign(a_decision("carol", release_id, EVIDENCE), cheng, TextType.DECISION),
        "other evidence": sign(a_decision("cheng", release_id, "0" * 64), cheng, TextType.DECISION),
        "another release": sign(a_decision("cheng", "0" * 32, EVIDENCE), cheng, TextType.DECISION),
        "another project": service.decision("cheng", release_id, project_id="another"),
        "another purpose": sign(a_decision("cheng", release_id, EVIDENCE), cheng, TextType.QUESTION),
        "no text": "a.b.c",
    }
    for why, text in wrong.items():
        answer = service.post("cheng", path, {"decision": text})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/decision-refused"), why


def test_the_database_refuses_the_author_as_a_checker(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()

    def decision(checker_id: str, author_id: str) -> ReleaseDecision:
        return ReleaseDecision(
            release_id=release_id,
            checker_id=checker_id,
            author_id=author_id,
            verdict=Verdict.APPROVE,
            reason="-",
            decision="-",
            decision_sha256="0" * 64,
            decided_at=NOON,
        )

    for wrong in (decision("rosalind", "rosalind"), decision("rosalind", "rachel")):
        with service.here.sessions() as session:
            session.add(wrong)
            with pytest.raises(IntegrityError):
                session.flush()


def test_the_database_refuses_a_second_decision_of_a_checker(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    service.decide("cheng", release_id)
    with pytest.raises(IntegrityError), service.here.sessions() as session:
        session.execute(
            sa.text(
                "INSERT INTO release_decision SELECT release_id, checker_id, author_id, 'refuse', reason,"
                " decision, decision_sha256, decided_at FROM release_decision"
            )
        )


def test_checkers_decide_blind_of_each_other(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    service.decide("cheng", release_id)
    path = f"/releases/{release_id}"
    assert service.get("carol", path).json()["decisions"] is None
    service.decide("carol", release_id)
    assert {d["checker_id"] for d in service.get("carol", path).json()["decisions"]} == {"cheng", "carol"}


def test_a_researcher_sees_neither_reasons_nor_the_record_before_release(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    path = f"/releases/{release_id}"
    assert service.get("rosalind", path).json()["record"] is None
    assert service.get("cheng", path).json()["record"]["cells_hidden"] == 2
    approved(service, release_id)
    signed(service, release_id)
    shown = service.get("rosalind", path).json()
    assert (shown["record"]["cells_hidden"], shown["decisions"]) == (2, None)
    assert EVIDENCE not in service.get("rosalind", path).text


def test_releases_that_await_a_checker_come_first(awaiting: AtWork) -> None:
    service, first = awaiting, awaiting.release_id()
    service.clock.forward(seconds=1)
    second = service.awaiting()
    service.decide("cheng", second)
    listed = service.get("cheng", "/releases").json()
    assert [(r["release_id"], r["awaits_you"]) for r in listed] == [(first, True), (second, False)]
    assert len(service.get("rosalind", "/releases").json()) == 2
    assert service.get("rachel", "/releases").json() == []
    assert len(service.get("audrey", "/releases").json()) == 2


def test_a_checker_fetches_the_evidence_sealed_to_them(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    folder = service.here.settings.spool / "evidence" / release_id
    folder.mkdir()
    (folder / "cheng.age").write_bytes(b"sealed to cheng")
    answer = service.get("cheng", f"/releases/{release_id}/evidence")
    assert (answer.content, answer.headers["content-type"]) == (
        b"sealed to cheng",
        "application/octet-stream",
    )
    assert service.get("carol", f"/releases/{release_id}/evidence").status_code == 404
    assert service.get("rosalind", f"/releases/{release_id}/evidence").status_code == 403


def test_a_release_leaves_only_when_its_signing_is_in_the_log(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    path = f"/releases/{release_id}/package"
    states = [service.get("rosalind", path).json()["state"]]
    approved(service, release_id)
    states.append(service.get("rosalind", path).json()["state"])
    signed(service, release_id)
    states.append(service.get("rosalind", path).json()["state"])
    assert states == ["awaiting", "approved", "waiting-for-the-log"]
    service.bring_log_up_to_date()
    answer = service.get("rosalind", path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names == ["release.json", "table.csv"]
    assert service.get("rosalind", f"/releases/{release_id}").json()["log_index"] is not None


def offline(service: AtWork) -> Pins:
    return Pins(
        log=LogKey.from_text(service.here.pins.log_vkey),
        release_keys=keys_of([service.release_key.public.model_dump()]),
    )


def test_a_package_verifies_offline_and_a_changed_one_does_not(awaiting: AtWork, tmp_path: Path) -> None:
    service, release_id = awaiting, awaiting.release_id()
    approved(service, release_id)
    signed(service, release_id)
    service.bring_log_up_to_date()
    package = service.get("rosalind", f"/releases/{release_id}/package").content
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(package)
    assert verify_package(good, offline(service)).index > 0
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b"120", b"119"))
    with pytest.raises(NotVerified, match=r"table\.csv: digest differs"):
        verify_package(bad, offline(service))


def test_the_exported_log_verifies_offline_with_its_releases(awaiting: AtWork, tmp_path: Path) -> None:
    service, release_id = awaiting, awaiting.release_id()
    approved(service, release_id)
    signed(service, release_id)
    service.bring_log_up_to_date()
    waiting = service.awaiting()
    approved(service, waiting)
    signed(service, waiting)  # signed, but not in the tree: not in the bundle
    answer = service.get("audrey", "/log/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(answer.content)
    verified = verify_bundle(bundle, offline(service))
    assert verified.releases == (release_id,)
    assert service.entries()[-1].action == "log:export"


@pytest.mark.parametrize("fault", ["changed", "missing", "outside", "another key"])
def test_files_that_the_gate_did_not_sign_do_not_leave(awaiting: AtWork, fault: str) -> None:
    service, release_id = awaiting, awaiting.release_id()
    approved(service, release_id)
    name = "../../pins.json" if fault == "outside" else "table.csv"
    signed(service, release_id, key=SigningKey.generate() if fault == "another key" else None, name=name)
    file = service.here.settings.spool / "releases" / release_id / "table.csv"
    if fault == "changed":
        file.write_bytes(CSV + b"Male,3\n")
    if fault == "missing":
        file.unlink()
    service.bring_log_up_to_date()
    answer = service.get("rosalind", f"/releases/{release_id}/package")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")


def test_the_gate_reports_once(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    approved(service, release_id)
    signed(service, release_id)
    before = len(service.entries())
    with service.worker("worker-gate") as act:
        opened = open_release(
            act, release_id, evidence_sha256=EVIDENCE, table_sha256=TABLE, record=a_published_record()
        )
        assert opened == "signed"
        assert sign_release(act, release_id, statement="x", statement_sha256="0" * 64) == "signed"
    assert len(service.entries()) == before


def test_the_gate_does_not_sign_what_two_have_not_approved(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    with service.worker("worker-gate") as act:
        assert sign_release(act, release_id, statement="x", statement_sha256="0" * 64) == "awaiting"
    with pytest.raises(NotFound), service.worker("worker-gate") as act:
        sign_release(act, "0" * 32, statement="x", statement_sha256="0" * 64)


def test_a_release_that_the_gate_will_not_sign_says_why(awaiting: AtWork) -> None:
    service, release_id = awaiting, awaiting.release_id()
    approved(service, release_id)
    for _ in range(2):
        with service.worker("worker-gate") as act:
            assert fail_release(act, release_id, RefusalCode.SIGNATURE_INVALID) == "failed"
    shown = service.get("rosalind", f"/releases/{release_id}").json()
    assert (shown["state"], shown["code"]) == ("failed", "signature-invalid")
    with pytest.raises(NotFound), service.worker("worker-gate") as act:
        fail_release(act, "0" * 32, RefusalCode.SIGNATURE_INVALID)


def test_a_release_comes_of_an_answered_query_only(linked: AtWork) -> None:
    query_id = linked.asked()
    with linked.worker("worker-analysis") as act:
        fail_query(act, query_id, "too-few-records")
    with pytest.raises(NotFound), linked.worker("worker-gate") as act:
        open_release(act, query_id, evidence_sha256=EVIDENCE, table_sha256=TABLE, record=a_published_record())
