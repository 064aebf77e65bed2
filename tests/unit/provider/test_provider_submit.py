from __future__ import annotations

import hashlib
import json
import secrets
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import httpx
import pytest

from service.client import Client
from service.command_line import run
from service.keys import folder_key
from service.problems.provider_tool import ReceiptDiffers
from service.problems.submissions import PackageUnreadable
from service.problems.tools import SignatureRefused
from service.provider.main import app
from service.provider.package import read_manifest
from service.provider.submit import LOG_TRIES, submit
from tests.unit.provider.desk import Desk

Answer = Callable[[httpx.Request], httpx.Response]


class Service:
    """Answers as the api does for one delivery; the receipt enters the log after some looks."""

    def __init__(self, looks_until_logged: int = 0, **changes: object) -> None:
        self.bodies: list[bytes] = []
        self.requests: list[tuple[str, str]] = []
        self.headers: list[httpx.Headers] = []
        self._looks = looks_until_logged
        self._changes = changes

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.method, request.url.path))
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 300})
        if request.method == "POST":
            self.bodies.append(request.read())
            self.headers.append(request.headers)
        else:
            self._looks -= 1
        receipt: dict[str, object] = {
            "submission_id": "0190" * 8,
            "sealed_sha256": hashlib.sha256(self.bodies[-1]).hexdigest() if self.bodies else "0" * 64,
            "log_index": 41 if self._looks <= 0 else None,
            "state": "received",
        }
        return httpx.Response(201, json=receipt | self._changes)


def a_client(desk: Desk, answer: Answer) -> Client:
    http = httpx.Client(base_url="http://service.test", transport=httpx.MockTransport(answer))
    return Client(
        http,
        "cancer-registry",
        folder_key(desk.keys),
        clock=lambda: datetime(2025, 4, 1, tzinfo=UTC),
        random=secrets.token_bytes,
    )


def test_the_package_is_sent_whole_in_one_request_and_the_receipt_kept(sealed: Desk) -> None:
    service = Service()
    pauses: list[float] = []
    receipt = submit(sealed.package, keys=sealed.keys, client=a_client(sealed, service), pause=pauses.append)
    assert service.requests == [("POST", "/token"), ("POST", "/projects/prevalence-2025/submissions")]
    assert service.bodies == [sealed.package.read_bytes()]
    assert service.headers[0]["content-type"] == "application/x-tar"
    assert service.headers[0]["content-length"] == str(sealed.package.stat().st_size)
    assert "transfer-encoding" not in service.headers[0]
    assert service.headers[0]["authorization"] == "Bearer token"
    assert receipt.log_index == 41
    assert pauses == []
    kept = json.loads((sealed.folder / "delivery.tresub.receipt.json").read_text())
    assert kept["sealed_sha256"] == hashlib.sha256(sealed.package.read_bytes()).hexdigest()


def test_sending_the_same_bytes_again_gives_the_same_receipt(sealed: Desk) -> None:
    client = a_client(sealed, Service())
    receipts = [
        submit(sealed.package, keys=sealed.keys, client=client, pause=lambda _: None) for _ in range(2)
    ]
    assert receipts[0] == receipts[1]


def test_the_receipt_waits_for_its_place_in_the_log(sealed: Desk) -> None:
    pauses: list[float] = []
    client = a_client(sealed, Service(looks_until_logged=3))
    receipt = submit(sealed.package, keys=sealed.keys, client=client, pause=pauses.append)
    assert receipt.log_index == 41
    assert len(pauses) == 3


def test_a_receipt_that_is_not_in_the_log_in_time_is_kept_as_it_is(sealed: Desk) -> None:
    pauses: list[float] = []
    client = a_client(sealed, Service(log_index=None))
    receipt = submit(sealed.package, keys=sealed.keys, client=client, pause=pauses.append)
    assert receipt.log_index is None
    assert len(pauses) == LOG_TRIES


@pytest.mark.parametrize("digest", ["f" * 64, None])
def test_a_receipt_for_other_bytes_is_refused_and_not_kept(sealed: Desk, digest: str | None) -> None:
    client = a_client(sealed, Service(sealed_sha256=digest))
    with pytest.raises(ReceiptDiffers):
        submit(sealed.package, keys=sealed.keys, client=client, pause=lambda _: None)
    assert not list(sealed.folder.glob("*.receipt.json"))


def _tar(name: str, data: bytes) -> bytes:
    target = BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, BytesIO(data))
    return target.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PATIENTID,SURNAME\n" * 100, id="text"),
        pytest.param(_tar("other", b"x"), id="another member first"),
        pytest.param(_tar("manifest.jws", b"x" * ((1 << 20) + 1)), id="manifest too long"),
        pytest.param(_tar("manifest.jws", b"\xff"), id="manifest not text"),
        pytest.param(tarfile.TarInfo("manifest.jws").tobuf()[:-512], id="cut"),
    ],
)
def test_what_is_no_package_is_not_sent(desk: Desk, data: bytes) -> None:
    desk.package.write_bytes(data)
    service = Service()
    with pytest.raises(PackageUnreadable):
        submit(desk.package, keys=desk.keys, client=a_client(desk, service), pause=lambda _: None)
    assert service.requests == []


def test_a_folder_in_the_place_of_the_manifest_is_no_package(desk: Desk) -> None:
    member = tarfile.TarInfo("manifest.jws")
    member.type = tarfile.DIRTYPE
    desk.package.write_bytes(member.tobuf() + bytes(1024))
    with pytest.raises((PackageUnreadable, SignatureRefused)):
        read_manifest(desk.package, desk.party.signing_key)


def test_a_package_that_this_key_did_not_sign_is_not_sent(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.package.write_bytes(_tar("manifest.jws", b"e30.e30.e30"))
    service = Service()
    with pytest.raises(SignatureRefused):
        submit(desk.package, keys=desk.keys, client=a_client(desk, service), pause=lambda _: None)
    assert service.requests == []


def test_the_commands_print_receipt_and_status(
    sealed: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service()
    monkeypatch.setattr("service.provider.main._client", lambda *_: a_client(sealed, service))
    where = ["--url", "http://service.test", "--keys", str(sealed.keys)]
    assert run(app, ["submit", str(sealed.package), *where]) == 0
    said = capsys.readouterr().out
    assert hashlib.sha256(sealed.package.read_bytes()).hexdigest() in said
    assert "log index  41" in said
    assert run(app, ["status", "0190" * 8, *where]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "received"


def test_a_service_that_cannot_be_reached_is_told_in_words(
    sealed: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    monkeypatch.setattr("service.provider.main._client", lambda *_: a_client(sealed, broken))
    arguments = ["submit", str(sealed.package), "--url", "http://service.test", "--keys", str(sealed.keys)]
    assert run(app, arguments) == 1
    assert capsys.readouterr().err.startswith("Service unreachable: ")


def test_the_project_file_is_fetched_once_and_its_fingerprints_are_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched = json.loads(desk.project.read_text())

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 300})
        assert request.url.path == "/projects/prevalence-2025/provider-file"
        return httpx.Response(200, json=fetched)

    monkeypatch.setattr("service.provider.main._client", lambda *_: a_client(desk, answer))
    out = desk.folder / "fetched.json"
    arguments = ["project", "prevalence-2025", "--url", "x", "--keys", str(desk.keys), "--out", str(out)]
    assert run(app, arguments) == 0
    digits = hashlib.sha256(str(desk.linkage.recipient).encode()).hexdigest()
    assert f"linkage key  {digits[:4]} {digits[4:8]}" in capsys.readouterr().out
    assert json.loads(out.read_text()) == fetched
    assert run(app, arguments) == 1


def test_a_client_is_made_from_the_key_folder(desk: Desk) -> None:
    from service.provider.main import _client  # noqa: PLC0415  # the commands' own door

    assert _client("http://service.test", desk.keys).principal_id == "cancer-registry"


def test_the_program_ends_with_the_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from service.provider.main import main  # noqa: PLC0415  # as the console script does

    monkeypatch.setattr("sys.argv", ["tre-provider", "validate", str(tmp_path / "no-mapping.json")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
