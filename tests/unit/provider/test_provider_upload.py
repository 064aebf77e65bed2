"""A package on its way: sent in pieces, gone on with, begun anew, given up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import httpx
import pytest

from service.client import RemoteProblem
from service.problems.tools import ServiceUnreachable
from service.provider.submit import submit
from service.provider.upload import TRIES
from tests.unit.provider.answering import Service, a_client, note_of
from tests.unit.provider.desk import Desk


def test_the_package_is_sent_in_pieces_and_the_receipt_kept(
    sealed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service()
    pauses: list[float] = []
    reached: list[int] = []
    length = sealed.package.stat().st_size
    monkeypatch.setattr("service.provider.upload.PIECE_BYTES", length // 3)
    receipt = submit(
        sealed.package,
        keys=sealed.keys,
        client=a_client(sealed, service),
        pause=pauses.append,
        reached=reached.append,
    )
    place = f"/uploads/{1:032x}"
    assert service.requests == [
        ("POST", "/token"),
        ("POST", "/projects/prevalence-2025/uploads"),
        *[("PATCH", place)] * len(service.pieces),
        ("POST", "/projects/prevalence-2025/submissions"),
    ]
    assert bytes(service.data) == sealed.package.read_bytes()
    assert reached == [sum(service.pieces[:n]) for n in range(len(service.pieces) + 1)]
    assert receipt.log_index == 41
    assert pauses == []
    kept = json.loads((sealed.folder / "delivery.tresub.receipt.json").read_text())
    assert kept["sealed_sha256"] == hashlib.sha256(sealed.package.read_bytes()).hexdigest()
    assert not note_of(sealed).exists()


def broken_in_the_middle(sealed: Desk, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that gives up after its first piece."""
    monkeypatch.setattr("service.provider.upload.PIECE_BYTES", sealed.package.stat().st_size // 3)

    def down_after_one(done: int) -> None:
        if done:
            service.faults = [httpx.ConnectError("down")] * TRIES

    with pytest.raises(ServiceUnreachable):
        submit(
            sealed.package,
            keys=sealed.keys,
            client=a_client(sealed, service),
            pause=lambda _: None,
            reached=down_after_one,
        )
    service.faults.clear()
    assert note_of(sealed).exists()


def test_a_run_goes_on_where_the_one_before_stopped(sealed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    service, reached = Service(), list[int]()
    broken_in_the_middle(sealed, service, monkeypatch)
    client = a_client(sealed, service)
    submit(sealed.package, keys=sealed.keys, client=client, pause=lambda _: None, reached=reached.append)
    assert reached[0] == service.pieces[0]
    assert service.uploads == 1
    assert bytes(service.data) == sealed.package.read_bytes()
    assert not note_of(sealed).exists()


def _forgotten(sealed: Desk, service: Service) -> None:
    service.loses = True


def _at_another_service(sealed: Desk, service: Service) -> None:
    _noting(sealed, service="https://other.test")


def _of_other_bytes(sealed: Desk, service: Service) -> None:
    _noting(sealed, sealed_sha256="0" * 64)


def _damaged(sealed: Desk, service: Service) -> None:
    note_of(sealed).write_text("{")


def _noting(sealed: Desk, **changes: str) -> None:
    note_of(sealed).write_text(json.dumps(json.loads(note_of(sealed).read_text()) | changes))


@pytest.mark.parametrize("change", [_forgotten, _at_another_service, _of_other_bytes, _damaged])
def test_an_upload_that_cannot_be_gone_on_with_begins_anew(
    sealed: Desk, monkeypatch: pytest.MonkeyPatch, change: Callable[[Desk, Service], None]
) -> None:
    service = Service()
    broken_in_the_middle(sealed, service, monkeypatch)
    change(sealed, service)
    submit(sealed.package, keys=sealed.keys, client=a_client(sealed, service), pause=lambda _: None)
    assert service.uploads == 2
    assert bytes(service.data) == sealed.package.read_bytes()


@pytest.mark.parametrize(
    "fault",
    [httpx.ReadError("broken"), *(httpx.Response(status) for status in (409, 423, 460, 503))],
)
def test_a_passing_fault_is_waited_out(sealed: Desk, fault: httpx.Response | Exception) -> None:
    service, pauses = Service(), list[float]()
    service.faults = [fault] * (TRIES - 1)
    submit(sealed.package, keys=sealed.keys, client=a_client(sealed, service), pause=pauses.append)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert bytes(service.data) == sealed.package.read_bytes()


@pytest.mark.parametrize("status", [403, 404, 413, 507])
def test_a_refusal_that_stays_is_told_at_once_and_the_upload_remembered(sealed: Desk, status: int) -> None:
    service = Service()
    service.faults = [httpx.Response(status)]
    with pytest.raises(RemoteProblem):
        submit(sealed.package, keys=sealed.keys, client=a_client(sealed, service), pause=lambda _: None)
    assert note_of(sealed).exists()


def test_a_refusal_of_the_offset_is_told(sealed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    broken_in_the_middle(sealed, service, monkeypatch)
    monkeypatch.setattr(service, "_standing", lambda: httpx.Response(403))
    with pytest.raises(RemoteProblem):
        submit(sealed.package, keys=sealed.keys, client=a_client(sealed, service), pause=lambda _: None)


@pytest.mark.parametrize("place", ["", "https://elsewhere.test/uploads/" + "0" * 32, "/uploads/../x"])
def test_a_service_that_begins_no_upload_is_not_the_service(sealed: Desk, place: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 300})
        return httpx.Response(201, headers={"location": place})

    with pytest.raises(ServiceUnreachable):
        submit(sealed.package, keys=sealed.keys, client=a_client(sealed, answer), pause=lambda _: None)


def test_an_answer_without_an_offset_is_not_the_services(sealed: Desk) -> None:
    service = Service()
    service.faults = [httpx.Response(204)] * TRIES
    with pytest.raises(ServiceUnreachable):
        submit(sealed.package, keys=sealed.keys, client=a_client(sealed, service), pause=lambda _: None)
