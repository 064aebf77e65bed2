"""What tests of uploads ask and look at."""

from __future__ import annotations

from http import HTTPStatus

from httpx2 import Response

from tests.at_work import AtWork

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
