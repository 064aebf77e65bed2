"""Submitting a package: its receipt, what is not sent, and what the commands say."""

from __future__ import annotations

import hashlib
import json
import tarfile
from io import BytesIO, StringIO
from pathlib import Path

import httpx
import pytest

from service.command_line import run
from service.problems.provider_tool import ReceiptDiffers
from service.problems.submissions import PackageUnreadable
from service.problems.tools import SignatureRefused
from service.provider.main import app
from service.provider.package import read_manifest
from service.provider.progress import progress
from service.provider.submit import LOG_TRIES, submit
from tests.unit.provider.answering import Service, a_client
from tests.unit.provider.desk import Desk


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
    printed = capsys.readouterr()
    said = printed.out
    length = sealed.package.stat().st_size
    assert printed.err.splitlines() == [f"sent {done} of {length} bytes" for done in (0, length)]
    assert "Replaces" not in said
    assert hashlib.sha256(sealed.package.read_bytes()).hexdigest() in said
    assert "log index  41" in said
    assert run(app, ["status", "0190" * 8, *where]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "received"


def test_the_command_says_what_a_delivery_replaces(
    sealed: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [
        {"name": "identifiers", "rows_before": 900, "rows": 950},
        {"name": "death", "rows_before": 20, "rows": None},
        {"name": "apc_spell", "rows_before": None, "rows": 7},
    ]
    service = Service(replaces={"submission_id": "0181" * 8, "counter": 3, "parts": parts})
    monkeypatch.setattr("service.provider.main._client", lambda *_: a_client(sealed, service))
    arguments = ["submit", str(sealed.package), "--url", "http://service.test", "--keys", str(sealed.keys)]
    assert run(app, arguments) == 0
    assert capsys.readouterr().out.splitlines()[-4:] == [
        f"Replaces delivery 3, submission {'0181' * 8}, once accepted:",
        "  identifiers: 900 rows, now 950 rows",
        "  death: 20 rows, now not sent",
        "  apc_spell: not sent, now 7 rows",
    ]


def test_the_command_says_how_many_were_left_out(
    sealed: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service(left_out=[{"reason": "ndoo", "persons": 3, "rows": 40}])
    monkeypatch.setattr("service.provider.main._client", lambda *_: a_client(sealed, service))
    arguments = ["submit", str(sealed.package), "--url", "http://service.test", "--keys", str(sealed.keys)]
    assert run(app, arguments) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "left out   3 persons, 40 rows (ndoo)"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar() -> None:
    screen = Terminal()
    with progress(1000, screen) as reached:
        for done in (0, 400, 1000):
            reached(done)
    assert "sending" in screen.getvalue()
    assert "100%" in screen.getvalue()


def test_elsewhere_each_tenth_is_a_line_once() -> None:
    page = StringIO()
    with progress(1000, page) as reached:
        for done in (0, 40, 400, 410, 350, 1000):
            reached(done)
    assert page.getvalue().splitlines() == [f"sent {done} of 1000 bytes" for done in (0, 400, 1000)]


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
