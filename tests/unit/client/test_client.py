"""The signed-in client against a made-up service, all within httpx's own transport."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from linkage_engine.contract.permit import Role
from service.client import ASSERTION_SECONDS, AUDIENCE, Client, RemoteProblem, client_assertion
from service.keys import make_key_folder
from service.problems.tools import ClockDiffers, ServiceUnreachable
from service.signed import SigningKey, TextType, verified_bytes
from tests.factories import NOON, Chance, Watch

KEY = SigningKey.generate()
Answer = Callable[[httpx.Request], httpx.Response]


class Desk:
    """A service that counts sign-ins, notes requests and answers as told."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.sign_ins = 0
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            self.sign_ins += 1
            form = parse_qs(request.content.decode())
            assert form["grant_type"] == ["client_credentials"]
            payload, _ = verified_bytes(form["client_assertion"][0], (KEY.public,), TextType.ASSERTION)
            assert json.loads(payload)["sub"] == "rosalind"
            return httpx.Response(200, json={"access_token": f"token-{self.sign_ins}", "expires_in": 300})
        self.requests.append(request)
        request.read()
        return self.answer(request)


def a_client(desk: Desk, clock: Watch | None = None) -> Client:
    http = httpx.Client(base_url="https://service.example", transport=httpx.MockTransport(desk))
    return Client(http, "rosalind", KEY, clock=clock or Watch(), random=Chance())


def saying(status: int, **content: object) -> Answer:
    return lambda _: httpx.Response(status, **content)  # type: ignore[arg-type]  # httpx's own keywords


def test_an_assertion_says_who_signs_for_whom_once_for_a_minute() -> None:
    clock, random = Watch(), Chance()
    made = [client_assertion("rosalind", KEY, clock=clock, random=random) for _ in range(2)]
    first, second = (json.loads(verified_bytes(t, (KEY.public,), TextType.ASSERTION)[0]) for t in made)
    assert (first["iss"], first["sub"], first["aud"]) == ("rosalind", "rosalind", AUDIENCE)
    assert first["exp"] - first["iat"] == ASSERTION_SECONDS
    assert first["iat"] == int(clock().timestamp())
    assert first["jti"] != second["jti"]


def test_a_token_is_fetched_once_and_shown_with_every_request() -> None:
    desk = Desk(saying(200, json={"answer": 1}))
    client = a_client(desk)
    assert client.get("/projects", after=7) == {"answer": 1}
    assert client.post("/projects", {"permit": "text"}) == {"answer": 1}
    assert desk.sign_ins == 1
    assert [r.headers["authorization"] for r in desk.requests] == ["DPoP token-1"] * 2
    assert desk.requests[0].url.query == b"after=7"
    assert json.loads(desk.requests[1].content) == {"permit": "text"}


@pytest.mark.parametrize(("seconds", "sign_ins"), [(279, 1), (280, 2), (400, 2)])
def test_a_token_that_is_about_to_run_out_is_renewed(seconds: int, sign_ins: int) -> None:
    clock, desk = Watch(), Desk(saying(200, json={}))
    client = a_client(desk, clock)
    client.get("/health")
    clock.now += timedelta(seconds=seconds)
    client.get("/health")
    assert desk.sign_ins == sign_ins


def test_bytes_come_as_they_are() -> None:
    assert a_client(Desk(saying(200, content=b"PK\3\4"))).download("/package") == b"PK\3\4"


def test_bytes_are_sent_with_their_headers_and_headers_come_back() -> None:
    desk = Desk(saying(204, headers={"upload-offset": "4"}))
    answer = a_client(desk).exchange("PATCH", "/up", headers={"upload-offset": "0"}, content=b"abcd")
    assert answer["upload-offset"] == "4"
    (request,) = desk.requests
    assert (request.method, request.content, request.headers["content-length"]) == ("PATCH", b"abcd", "4")
    assert (request.headers["upload-offset"], request.headers["authorization"]) == ("0", "DPoP token-1")
    assert a_client(desk).address == "https://service.example"


def test_a_refusal_keeps_its_problem() -> None:
    body = {"type": "/problems/not-found", "title": "Not found", "remedy": "Look elsewhere."}
    with pytest.raises(RemoteProblem, match=r"^Not found$") as refused:
        a_client(Desk(saying(404, json=body))).get("/nothing")
    assert (refused.value.status, refused.value.slug, refused.value.body) == (404, "not-found", body)


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b""])
def test_a_refusal_without_a_problem_says_its_status(content: bytes) -> None:
    with pytest.raises(RemoteProblem, match=r"^HTTP 502$") as refused:
        a_client(Desk(saying(502, content=content))).get("/nothing")
    assert (refused.value.slug, refused.value.body) == ("", {})


@pytest.mark.parametrize(
    "fault",
    [httpx.ConnectError("no"), httpx.ReadTimeout("no"), httpx.DecodingError("no"), httpx.InvalidURL("no")],
)
def test_a_service_that_cannot_be_reached_is_said_to_be_so(fault: Exception) -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        raise fault

    with pytest.raises(ServiceUnreachable):
        a_client(Desk(broken)).get("/health")


@pytest.mark.parametrize(
    "content", [b"<html>Welcome to the hotel</html>", b"[1]", b"{}", b'{"access_token": 1}']
)
def test_something_else_that_answers_in_its_place_is_not_the_service(content: bytes) -> None:
    http = httpx.Client(
        base_url="https://service.example",
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=content)),
    )
    with pytest.raises(ServiceUnreachable):
        Client(http, "rosalind", KEY, clock=Watch(), random=Chance()).get("/health")


def test_an_answer_that_is_no_json_is_not_the_services() -> None:
    with pytest.raises(ServiceUnreachable):
        a_client(Desk(saying(200, content=b"<html>"))).get("/health")


def test_a_client_of_a_key_folder_is_its_owner(tmp_path: Path) -> None:
    make_key_folder(tmp_path / "keys", principal_id="rosalind", name="Rosalind", role=Role.RESEARCHER)
    url = "https://service.example"
    client = Client.from_folder(url, tmp_path / "keys", clock=Watch(), random=Chance())
    assert client.principal_id == "rosalind"
    client._http.close()


def test_an_address_that_is_none_is_a_service_out_of_reach(tmp_path: Path) -> None:
    make_key_folder(tmp_path / "keys", principal_id="rosalind", name="Rosalind", role=Role.RESEARCHER)
    with pytest.raises(ServiceUnreachable):
        Client.from_folder("http://host:nope", tmp_path / "keys", clock=Watch(), random=Chance())


@pytest.mark.parametrize(("seconds", "differs"), [(0, False), (30, False), (31, True), (-120, True)])
def test_a_clock_that_is_wrong_is_named_where_it_is_why_we_are_refused(
    seconds: int, *, differs: bool
) -> None:
    theirs = format_datetime(NOON + timedelta(seconds=seconds), usegmt=True)
    desk = Desk(saying(401, json={"type": "/problems/proof-refused"}, headers={"date": theirs}))
    with pytest.raises(ClockDiffers if differs else RemoteProblem) as refused:
        a_client(desk, Watch()).get("/health")
    if isinstance(refused.value, ClockDiffers):
        assert refused.value.as_json()["faults"] == [
            {"pointer": "clock", "code": f"{abs(seconds)} seconds apart"}
        ]


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_refusal_that_says_no_time_is_a_refusal(date: str | None) -> None:
    headers = {} if date is None else {"date": date}
    with pytest.raises(RemoteProblem):
        a_client(Desk(saying(401, json={}, headers=headers))).get("/health")
