"""How an upload ends: ended, delivered, expired or swept away."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from service.audit.vocabulary import Action
from service.uploads.sweeping import sweep_expired, sweep_left
from tests.api.uploading import NORTH, begun, end, files, head, offset, slug
from tests.at_work import AtWork
from tests.factories import PROJECT


def test_an_upload_that_is_ended_is_gone_and_leaves_nothing(project: AtWork) -> None:
    place = begun(project)
    project.append(NORTH, place, 0, b"abcd")
    assert end(project, place).status_code == 204
    assert files(project) == {}
    assert head(project, place).status_code == 404
    assert slug(project.append(NORTH, place, 4, b"e")) == slug(end(project, place)) == (404, "not-found")


def test_half_an_upload_is_no_delivery(project: AtWork) -> None:
    package = project.package(NORTH)
    place = begun(project, len(package))
    project.append(NORTH, place, 0, package[:100])
    answer = project.finish(NORTH, place.rpartition("/")[2])
    assert slug(answer) == (409, "upload-incomplete")
    assert (answer.json()["offset"], answer.json()["length"]) == (100, len(package))
    project.append(NORTH, place, 100, package[100:])
    assert project.finish(NORTH, place.rpartition("/")[2]).status_code == 201


def test_a_delivery_without_room_for_its_name_waits_as_an_upload(
    project: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = project.package(NORTH)
    upload_id = project.uploaded(NORTH, package)
    before = project.jobs()

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as full:
        full.setattr("service.submissions.spool.os.link", no_room)
        assert slug(project.finish(NORTH, upload_id)) == (507, "storage-full")
    assert project.entries()[-1].detail == {"code": "storage-full", "status": 507}
    assert (files(project), project.jobs()) == ({upload_id: package}, before)
    assert project.finish(NORTH, upload_id).status_code == 201


def test_a_finished_upload_gives_its_receipt_again_and_takes_nothing_more(project: AtWork) -> None:
    upload_id = project.uploaded(NORTH, project.package(NORTH))
    first, again = project.finish(NORTH, upload_id), project.finish(NORTH, upload_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert project.entries()[-1].detail["kind"] == "again"
    place = f"/uploads/{upload_id}"
    stands = head(project, place)
    assert stands.headers["upload-offset"] == stands.headers["upload-length"]
    assert slug(project.append(NORTH, place, offset(project, place), b"")) == (404, "not-found")
    assert slug(end(project, place)) == (404, "not-found")
    assert files(project) == {}
    kept = list((project.here.settings.spool / "submissions").iterdir())
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in kept] == [first.json()["sealed_sha256"]]
    assert kept[0].stat().st_nlink == 1


@pytest.mark.parametrize("body", [{}, {"upload_id": "../../x"}, {"upload_id": 5}, {"upload_id": None}])
def test_a_delivery_names_its_upload(project: AtWork, body: Mapping[str, Any]) -> None:
    assert slug(project.post(NORTH, f"/projects/{PROJECT}/submissions", body)) == (422, "request-invalid")


def test_an_upload_expires_when_nothing_is_added_to_it(project: AtWork) -> None:
    place = begun(project)
    lives = project.here.settings.upload_expiry_seconds
    said = parsedate_to_datetime(head(project, place).headers["upload-expires"])
    assert (said - project.clock()).total_seconds() == lives
    project.clock.forward(seconds=lives - 1)
    project.tokens.clear()
    project.append(NORTH, place, 0, b"abcd")
    project.clock.forward(seconds=lives - 1)
    project.tokens.clear()
    assert offset(project, place) == 4
    project.clock.forward(seconds=1)
    assert head(project, place).status_code == 404
    assert slug(project.append(NORTH, place, 4, b"e")) == (404, "not-found")


def test_an_expired_upload_is_removed_when_another_begins_and_entered(project: AtWork) -> None:
    gone = begun(project).rpartition("/")[2]
    project.clock.forward(days=2)
    project.tokens.clear()
    kept = begun(project).rpartition("/")[2]
    assert set(files(project)) == {kept}
    expired = [e for e in project.entries() if e.action is Action.UPLOAD_EXPIRE]
    assert [(e.actor, e.subject, e.project, e.detail) for e in expired] == [
        ("api", gone, PROJECT, {"provider_id": NORTH, "bytes": 0})
    ]
    assert head(project, f"/uploads/{gone}").status_code == 404


def test_a_delivery_stays_when_its_upload_expires(project: AtWork) -> None:
    receipt = project.send(NORTH, project.package(NORTH)).json()
    project.clock.forward(days=2)
    project.tokens.clear()
    sweep_expired(project.here)
    assert [e.action for e in project.entries()].count(Action.UPLOAD_EXPIRE) == 0
    assert project.get(NORTH, f"/submissions/{receipt['submission_id']}").status_code == 200
    assert len(list((project.here.settings.spool / "submissions").iterdir())) == 1


def test_what_a_crash_left_without_its_upload_is_swept_away(project: AtWork) -> None:
    place = begun(project)
    project.append(NORTH, place, 0, b"abcd")
    (project.here.settings.spool / "uploads" / "left").write_bytes(b"half")
    sweep_left(project.here)
    assert list(files(project).values()) == [b"abcd"]
