"""Pieces of an upload: which are kept, broken off, stalled, sent at once, and what the disk says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import pytest

from service.audit.vocabulary import Action, Outcome
from service.uploads.files import held
from service.uploads.sweeping import sweep_expired
from tests.api.uploading import NORTH, begun, end, files, head, offset, slug
from tests.at_work import AtWork


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return {"upload-checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


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
