"""Uploads in pieces: what tus 1.0.0 promises, and what a provider may not do."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import pytest
from httpx2 import Response

from service.audit.vocabulary import Action, Outcome
from service.uploads.files import held
from service.uploads.rules import UNFINISHED_UPLOADS
from service.uploads.sweeping import sweep_expired, sweep_left
from tests.at_work import AtWork
from tests.factories import PROJECT

NORTH, SOUTH, EAST = "northern-trust", "southern-trust", "eastern-trust"


def begun(service: AtWork, length: int = 10) -> str:
    return str(service.begin(NORTH, length).headers["location"])


def head(service: AtWork, place: str, name: str = NORTH) -> Response:
    return service.client.head(place, headers=service.tus(name))


def end(service: AtWork, place: str, name: str = NORTH) -> Response:
    return service.client.delete(place, headers=service.tus(name))


def offset(service: AtWork, place: str) -> int:
    answer = head(service, place)
    assert answer.status_code == HTTPStatus.OK, answer.text
    return int(answer.headers["upload-offset"])


def slug(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def files(service: AtWork) -> dict[str, bytes]:
    folder = service.here.settings.spool / "uploads"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return {"upload-checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


# --- the protocol


def test_a_server_says_what_it_speaks_to_anybody(project: AtWork) -> None:
    answer = project.client.options(f"/projects/{PROJECT}/uploads")
    assert answer.status_code == HTTPStatus.NO_CONTENT
    assert {name: answer.headers[name] for name in answer.headers if name.startswith("tus-")} == {
        "tus-resumable": "1.0.0",
        "tus-version": "1.0.0",
        "tus-extension": "creation,expiration,checksum,termination",
        "tus-max-size": str(1 << 20),
        "tus-checksum-algorithm": "sha256,sha1",
    }


def test_an_upload_begins_goes_on_and_stands_where_it_says(project: AtWork) -> None:
    answer = project.begin(NORTH, 10)
    place = answer.headers["location"]
    assert (answer.status_code, answer.content, answer.headers["tus-resumable"]) == (201, b"", "1.0.0")
    assert offset(project, place) == 0
    went_on = project.append(NORTH, place, 0, b"abcd")
    assert (went_on.status_code, went_on.content) == (204, b"")
    assert (went_on.headers["upload-offset"], went_on.headers["tus-resumable"]) == ("4", "1.0.0")
    stands = head(project, place)
    assert (stands.headers["upload-offset"], stands.headers["upload-length"]) == ("4", "10")
    assert stands.headers["cache-control"] == "no-store"
    assert project.append(NORTH, place, 4, b"efghij").headers["upload-offset"] == "10"
    assert list(files(project).values()) == [b"abcdefghij"]


def test_every_act_leaves_one_entry(project: AtWork) -> None:
    project.tus(NORTH)
    before = len(project.entries())
    place = begun(project)
    project.append(NORTH, place, 0, b"abcd")
    head(project, place)
    project.append(NORTH, place, 0, b"abcd")
    end(project, place)
    entries = project.entries()[before:]
    upload_id = place.rpartition("/")[2]
    assert [(e.action, e.subject, e.detail) for e in entries] == [
        (Action.UPLOAD_BEGIN, upload_id, {"size": 10}),
        (Action.UPLOAD_APPEND, upload_id, {"first": 0, "bytes": 4}),
        (Action.UPLOAD_READ, upload_id, {"bytes": 4}),
        (Action.REQUEST_REFUSE, "/uploads/{upload_id}", {"code": "offset-differs", "status": 409}),
        (Action.UPLOAD_END, upload_id, {"bytes": 4}),
    ]
    assert {(e.actor, e.project) for e in entries if e.action is not Action.REQUEST_REFUSE} == {
        (NORTH, PROJECT)
    }


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.0, 2.0.0", "2.0.0"])
def test_another_version_is_refused_before_anything_is_looked_at(
    project: AtWork, version: str | None
) -> None:
    place = begun(project)
    headers = project.bearer(NORTH) | ({"tus-resumable": version} if version else {})
    for method, address in (
        ("POST", f"/projects/{PROJECT}/uploads"),
        ("HEAD", place),
        ("PATCH", place),
        ("DELETE", "/uploads/none"),
    ):
        answer = project.client.request(method, address, headers=headers)
        assert answer.status_code == 412, (method, address)
        assert (answer.headers["tus-version"], answer.headers["tus-resumable"]) == ("1.0.0", "1.0.0")
    assert offset(project, place) == 0


def test_metadata_are_told_again_to_who_sent_them_and_are_not_in_the_log(project: AtWork) -> None:
    said = "filename ZGVsaXZlcnkudHJlc3Vi,is_confidential"
    place = project.begin(NORTH, 10, **{"upload-metadata": said}).headers["location"]
    assert head(project, place).headers["upload-metadata"] == said
    assert "ZGVsaXZlcnk" not in str(project.entries())
    assert "upload-metadata" not in head(project, begun(project)).headers


@pytest.mark.parametrize(
    "said",
    [
        "filename not*base64",
        "filename Zg",
        ",",
        "a Zg==,a Zg==",
        "a Zg== Zg==",
        "naïve Zg==",
        "a " + "A" * 1024,
    ],
)
def test_metadata_of_another_form_are_refused(project: AtWork, said: str) -> None:
    told = {**project.tus(NORTH), "upload-length": "5", "upload-metadata": said}
    headers = {name.encode(): value.encode() for name, value in told.items()}
    answer = project.client.post(f"/projects/{PROJECT}/uploads", headers=headers)
    assert slug(answer) == (422, "request-invalid")
    assert answer.json()["faults"] == [{"pointer": "/header/upload-metadata", "code": "metadata_invalid"}]
    assert files(project) == {}


# --- lengths and quotas


@pytest.mark.parametrize("length", ["-1", "0", "ten", "1e3", "", "9" * 5000])
def test_a_length_that_is_none_is_refused(project: AtWork, length: str) -> None:
    assert slug(project.begin(NORTH, length)) == (422, "request-invalid")


def test_a_delivery_says_its_length_first(project: AtWork) -> None:
    answer = project.client.post(f"/projects/{PROJECT}/uploads", headers=project.tus(NORTH))
    assert slug(answer) == (411, "length-required")


@pytest.mark.parametrize("more", [1, 10**30])
def test_a_delivery_over_the_limit_is_refused_before_a_byte_of_it_is_sent(project: AtWork, more: int) -> None:
    limit = project.here.settings.submission_limit_bytes
    answer = project.begin(NORTH, limit + more)
    assert slug(answer) == (413, "request-too-large")
    assert answer.json()["limit_bytes"] == limit
    assert files(project) == {}


def test_unfinished_uploads_have_a_quota_for_each_provider(project: AtWork) -> None:
    half = project.here.settings.upload_quota_bytes // 2
    first = begun(project, half)
    begun(project, half - 1)
    assert project.begin(NORTH, 1).status_code == 201
    answer = project.begin(NORTH, 1)
    assert slug(answer) == (413, "upload-quota-exceeded")
    assert answer.json()["unfinished_bytes"] == answer.json()["quota_bytes"] == 2 * half
    assert project.begin(SOUTH, half).status_code == 201
    end(project, first)
    assert project.begin(NORTH, 1).status_code == 201


def test_uploads_are_counted_too(project: AtWork) -> None:
    for _ in range(UNFINISHED_UPLOADS):
        begun(project, 1)
    assert slug(project.begin(NORTH, 1)) == (413, "upload-quota-exceeded")


def test_a_finished_upload_does_not_count(project: AtWork) -> None:
    for counter in range(1, 4):
        package = project.package(NORTH, counter=counter)
        assert project.send(NORTH, package + b"") is not None
    half = project.here.settings.upload_quota_bytes // 2
    assert [project.begin(NORTH, half).status_code for _ in range(2)] == [201, 201]


# --- pieces


@pytest.mark.parametrize("wrong", [0, 3, 5, 11, 10**20])
def test_a_piece_begins_where_the_upload_stands(project: AtWork, wrong: int) -> None:
    place = begun(project)
    project.append(NORTH, place, 0, b"abcd")
    answer = project.append(NORTH, place, wrong, b"x")
    assert slug(answer) == (409, "offset-differs")
    assert answer.json()["offset"] == offset(project, place) == 4


@pytest.mark.parametrize("said", ["-1", "four", ""])
def test_an_offset_that_is_none_is_refused(project: AtWork, said: str) -> None:
    place = begun(project)
    answer = project.append(NORTH, place, 0, b"x", **{"upload-offset": said})
    assert slug(answer) == (422, "request-invalid")


def test_a_piece_past_the_end_is_refused_and_none_of_it_kept(project: AtWork) -> None:
    place = begun(project)
    project.append(NORTH, place, 0, b"abcd")
    answer = project.append(NORTH, place, 4, b"1234567")
    assert slug(answer) == (413, "request-too-large")
    assert answer.json()["limit_bytes"] == 6
    assert offset(project, place) == 4


def test_a_piece_of_nothing_changes_nothing(project: AtWork) -> None:
    place = begun(project)
    assert project.append(NORTH, place, 0, b"").headers["upload-offset"] == "0"


@pytest.mark.parametrize("kind", [None, "application/x-tar", "application/json"])
def test_a_piece_has_its_content_type(project: AtWork, kind: str | None) -> None:
    place = begun(project)
    headers = {**project.tus(NORTH), "upload-offset": "0"} | ({"content-type": kind} if kind else {})
    answer = project.client.patch(place, content=b"abc", headers=headers)
    assert slug(answer) == (415, "media-type-unsupported")
    assert offset(project, place) == 0


def test_a_piece_says_its_length(project: AtWork) -> None:
    place = begun(project)
    headers = {
        **project.tus(NORTH),
        "upload-offset": "0",
        "content-type": "application/offset+octet-stream",
    }
    answer = project.client.patch(place, content=iter([b"abc"]), headers=headers)
    assert slug(answer) == (411, "length-required")


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_piece_with_its_checksum_is_kept(project: AtWork, algorithm: str) -> None:
    place = begun(project)
    assert project.append(NORTH, place, 0, b"abcd", **checksum(b"abcd", algorithm)).status_code == 204
    assert offset(project, place) == 4


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_nothing_is_kept_of_a_piece_with_another_checksum(project: AtWork, algorithm: str) -> None:
    place = begun(project)
    project.append(NORTH, place, 0, b"abcd")
    answer = project.append(NORTH, place, 4, b"efgh", **checksum(b"efgX", algorithm))
    assert slug(answer) == (460, "checksum-differs")
    assert offset(project, place) == 4
    assert list(files(project).values()) == [b"abcd"]
    assert project.entries()[-2].detail == {"code": "checksum-differs", "status": 460}


@pytest.mark.parametrize("said", ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha256 AAAA", "sha256 *", "sha256", ""])
def test_a_checksum_that_cannot_be_checked_is_refused(project: AtWork, said: str) -> None:
    place = begun(project)
    answer = project.append(NORTH, place, 0, b"abcd", **{"upload-checksum": said})
    assert slug(answer) == (400, "checksum-unusable")
    assert offset(project, place) == 0


# --- whose it is


def test_somebody_elses_upload_is_as_if_it_were_not_there(project: AtWork) -> None:
    place = begun(project)
    absent = f"/uploads/{'0' * 36}"

    def answers(at: str, name: str) -> list[Response]:
        asked = [head(project, at, name), end(project, at, name), project.append(name, at, 0, b"abc")]
        return [*asked, project.finish(name, at.rpartition("/")[2])]

    for name in (SOUTH, EAST):
        for hidden, missing in zip(answers(place, name), answers(absent, name), strict=True):
            assert hidden.status_code == missing.status_code == 404
            assert (hidden.content, hidden.headers) == (missing.content, missing.headers)
    assert offset(project, place) == 0


def test_an_upload_to_one_project_is_no_delivery_to_another(project: AtWork) -> None:
    project.open_project(project_id="second-study")
    upload_id = project.uploaded(NORTH, project.package(NORTH))
    assert slug(project.finish(NORTH, upload_id, "second-study")) == (404, "not-found")
    assert project.finish(NORTH, upload_id).status_code == 201


def test_a_project_of_others_takes_no_upload(project: AtWork) -> None:
    assert slug(project.begin(NORTH, 10, "another")) == (404, "not-found")
    assert slug(project.begin(EAST, 10)) == (404, "not-found")
    assert slug(project.begin("rosalind", 10)) == (403, "not-permitted")
    assert files(project) == {}


def test_when_the_permit_has_ended_an_upload_can_be_looked_at_and_ended_only(project: AtWork) -> None:
    project.clock.now = project.clock.now.replace(month=12, day=31, hour=22)
    place = begun(project, 4)
    whole = project.uploaded(NORTH, project.package(NORTH))
    project.append(NORTH, place, 0, b"ab")
    project.clock.forward(hours=3)
    project.tokens.clear()
    assert slug(project.begin(NORTH, 4)) == (403, "permit-not-live")
    assert slug(project.append(NORTH, place, 2, b"cd")) == (403, "permit-not-live")
    assert slug(project.finish(NORTH, whole)) == (403, "permit-not-live")
    assert offset(project, place) == 2
    assert end(project, place).status_code == 204


# --- the end of an upload


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


# --- what the disk says


def test_bytes_behind_the_noted_offset_are_forgotten(project: AtWork) -> None:
    """A crash in the middle of a piece leaves bytes that nobody vouches for."""
    place = begun(project)
    project.append(NORTH, place, 0, b"abcd")
    path = project.here.settings.spool / "uploads" / place.rpartition("/")[2]
    path.write_bytes(b"abcdXXXX")
    assert offset(project, place) == 4
    project.append(NORTH, place, 4, b"ef")
    assert path.read_bytes() == b"abcdef"


def test_a_spool_from_an_older_copy_is_believed_over_the_database(project: AtWork) -> None:
    place = begun(project)
    project.append(NORTH, place, 0, b"abcdef")
    path = project.here.settings.spool / "uploads" / place.rpartition("/")[2]
    path.write_bytes(b"abc")
    assert offset(project, place) == 3
    assert project.append(NORTH, place, 3, b"defghij").headers["upload-offset"] == "10"
    assert path.read_bytes() == b"abcdefghij"
    path.unlink()
    assert head(project, place).status_code == 404


# --- broken off, stalled, at once


def asked(service: AtWork, place: str, length: int, *messages: dict[str, Any] | float) -> int | None:
    """The status answered to a PATCH whose body comes in these messages, with pauses between them."""
    answers: list[int] = []
    waiting = iter(messages)
    headers = {
        **service.tus(NORTH),
        "content-type": "application/offset+octet-stream",
        "upload-offset": str(offset(service, place)),
        "content-length": str(length),
    }
    scope = {
        "type": "http",
        "method": "PATCH",
        "path": place,
        "raw_path": place.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }

    async def receive() -> dict[str, Any]:
        message = next(waiting)
        while isinstance(message, float):
            await asyncio.sleep(message)
            message = next(waiting)
        return message

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    asyncio.run(service.app(scope, receive, send))
    return answers[0] if answers else None


def some(data: bytes) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": True}


def test_what_came_before_a_sender_broke_off_is_kept_and_entered(project: AtWork) -> None:
    place = begun(project)
    asked(project, place, 10, some(b"abc"), some(b"d"), {"type": "http.disconnect"})
    entry = project.entries()[-1]
    assert (entry.action, entry.outcome) == (Action.UPLOAD_APPEND, Outcome.FAILED)
    assert entry.detail == {"first": 0, "bytes": 4, "code": "interrupted"}
    assert offset(project, place) == 4
    project.append(NORTH, place, 4, b"efghij")
    assert list(files(project).values()) == [b"abcdefghij"]


def test_a_sender_that_says_nothing_for_long_has_broken_off(project: AtWork) -> None:
    place = begun(project)
    assert asked(project, place, 10, some(b"abc"), 30.0, some(b"d")) == 400
    assert offset(project, place) == 3


def test_a_slow_sender_has_not_broken_off(project: AtWork) -> None:
    place = begun(project, 3)
    last = {"type": "http.request", "body": b"c", "more_body": False}
    assert asked(project, place, 3, some(b"a"), 0.3, some(b"b"), 0.3, last) == 204


def test_a_body_longer_than_it_said_is_refused(project: AtWork) -> None:
    """No server should hand it on; nothing of it gets behind the end of the upload."""
    place = begun(project, 4)
    assert asked(project, place, 4, some(b"abc"), some(b"de" * (1 << 20)), {"type": "http.disconnect"}) == 413
    assert offset(project, place) == 0
    assert list(files(project).values()) == [b""]


def test_one_request_at_a_time_has_an_upload(project: AtWork) -> None:
    package = project.package(NORTH)
    place = begun(project, len(package))
    upload_id = place.rpartition("/")[2]
    with held(project.here.settings.spool / "uploads" / upload_id):
        assert slug(project.append(NORTH, place, 0, package)) == (423, "upload-locked")
        assert slug(end(project, place)) == (423, "upload-locked")
        assert offset(project, place) == 0
        project.clock.forward(days=2)
        sweep_expired(project.here)
        project.clock.forward(days=-2)
    assert project.append(NORTH, place, 0, package).status_code == 204
    with held(project.here.settings.spool / "uploads" / upload_id):
        assert slug(project.finish(NORTH, upload_id)) == (423, "upload-locked")
    assert project.finish(NORTH, upload_id).status_code == 201
