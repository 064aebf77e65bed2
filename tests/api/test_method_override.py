"""A POST to an upload that says another method: as tus 1.0.0 demands, and nowhere else."""

from __future__ import annotations

import pytest
from httpx2 import Response

from service.audit.vocabulary import Action
from tests.at_work import AtWork
from tests.factories import PROJECT

NORTH, SOUTH = "northern-trust", "southern-trust"


def posted(service: AtWork, place: str, method: str, name: str = NORTH, **headers: str) -> Response:
    said = {**service.tus(name), "x-http-method-override": method, **headers}
    content = b"abcd" if "upload-offset" in headers else b""
    return service.client.post(place, headers=said, content=content)


def piece(service: AtWork, place: str, name: str = NORTH) -> Response:
    said = {"upload-offset": "0", "content-type": "application/offset+octet-stream"}
    return posted(service, place, "PATCH", name, **said)


def begun(service: AtWork) -> str:
    return str(service.begin(NORTH, 10).headers["location"])


def test_a_post_that_says_patch_sends_a_piece_and_one_that_says_delete_ends_the_upload(
    project: AtWork,
) -> None:
    place = begun(project)
    before = len(project.entries())
    went_on = piece(project, place)
    assert (went_on.status_code, went_on.headers["upload-offset"]) == (204, "4")
    assert went_on.headers["tus-resumable"] == "1.0.0"
    assert posted(project, place, "DELETE").status_code == 204
    assert [e.action for e in project.entries()[before:]] == [Action.UPLOAD_APPEND, Action.UPLOAD_END]


def test_it_gives_nobody_what_the_method_itself_would_not(project: AtWork) -> None:
    place = begun(project)
    assert piece(project, place, SOUTH).status_code == 404
    assert posted(project, place, "DELETE", SOUTH).status_code == 404
    assert posted(project, place, "DELETE", "rosalind").status_code == 403
    assert project.client.post(place, headers={"x-http-method-override": "DELETE"}).status_code == 401
    assert piece(project, place).status_code == 204


@pytest.mark.parametrize("method", ["HEAD", "GET", "PUT", "patch", "DELETE, PATCH", ""])
def test_no_other_method_is_taken_from_it(project: AtWork, method: str) -> None:
    assert posted(project, begun(project), method).status_code == 405


def test_only_a_post_is_another_method_and_only_at_an_upload(project: AtWork) -> None:
    place = begun(project)
    headers = {**project.tus(NORTH), "x-http-method-override": "DELETE"}
    assert project.client.head(place, headers=headers).status_code == 200
    began = project.begin(NORTH, 10, **{"x-http-method-override": "DELETE"})
    assert began.status_code == 201
    opened = project.client.post(f"/projects/{PROJECT}", headers=headers)
    assert opened.status_code == 405
