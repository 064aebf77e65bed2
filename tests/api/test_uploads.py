"""Uploads in pieces: what tus 1.0.0 promises, and what a provider may not do."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from httpx2 import Response

from service.audit.vocabulary import Action
from service.uploads.rules import UNFINISHED_UPLOADS
from tests.api.uploading import EAST, NORTH, SOUTH, begun, end, files, head, offset, slug
from tests.at_work import AtWork
from tests.factories import PROJECT

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
