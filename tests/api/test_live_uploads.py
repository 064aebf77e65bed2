"""A real api process: killed, out of room, and sent to by other people's tus clients."""

from __future__ import annotations

import hashlib
import http.client
import json
import resource
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.request import TusRequest
from tusclient.uploader.uploader import Uploader

from service.client import ASSERTION_TYPE, Client, RemoteProblem, client_assertion
from service.clock import utc_now
from service.provider.upload import Sending, hand_over
from service.uploads.intake import NOTE_BYTES
from service.uploads.records import Upload
from tests.api.test_process import SECONDS, environment, free_port, wait_for
from tests.at_work import AtWork, Prepared, at_work
from tests.databases import Databases, Files
from tests.factories import Person
from tests.running import until

pytestmark = pytest.mark.process
NORTH, STUDY = "northern-trust", "long-study"
MIB = 1 << 20


def sign_in_form(person: Person) -> dict[str, str]:
    assertion = client_assertion(person.id, person.key, clock=utc_now, random=secrets.token_bytes)
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }


@dataclass
class Live:
    """An api as a process of its own, and a provider who sends to it."""

    service: AtWork
    port: int
    process: subprocess.Popen[bytes]
    client: Client
    counter: int = 0

    def package(self, size: int) -> bytes:
        self.counter += 1
        contents = {"identifiers": secrets.token_bytes(size), "cancer_registration": b"events"}
        return self.service.package(NORTH, contents=contents, counter=self.counter, project_id=STUDY)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> str:
        return f"{self.url}/projects/{STUDY}/uploads"

    def begin(self, length: int) -> str:
        headers = {"tus-resumable": "1.0.0", "upload-length": str(length)}
        return str(self.client.exchange("POST", f"/projects/{STUDY}/uploads", headers=headers)["location"])

    def offset(self, place: str) -> int:
        headers = {"tus-resumable": "1.0.0"}
        return int(self.client.exchange("HEAD", place, headers=headers)["upload-offset"])

    def append(self, place: str, offset: int, data: bytes) -> None:
        headers = {
            "tus-resumable": "1.0.0",
            "content-type": "application/offset+octet-stream",
            "upload-offset": str(offset),
        }
        self.client.exchange("PATCH", place, headers=headers, content=data)

    def finish(self, place: str) -> dict[str, Any]:
        body = {"upload_id": place.rpartition("/")[2]}
        receipt: dict[str, Any] = self.client.post(f"/projects/{STUDY}/submissions", body)
        return receipt

    def bearer(self) -> str:
        """A token of a client that cannot prove a key with each request, as other people's are."""
        answer = httpx.post(
            f"{self.url}/token", data=sign_in_form(self.service.people[NORTH]), trust_env=False
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def begin_piece(self, place: str, offset: int, length: int) -> http.client.HTTPConnection:
        """A PATCH whose body is still to be sent, piece by piece."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.putrequest("PATCH", place)
        for name, value in {
            "authorization": f"Bearer {self.bearer()}",
            "tus-resumable": "1.0.0",
            "content-type": "application/offset+octet-stream",
            "upload-offset": str(offset),
            "content-length": str(length),
        }.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection

    def restart(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(SECONDS)
        self.process = started(self.service, self.port)


def started(service: AtWork, port: int) -> subprocess.Popen[bytes]:
    told = environment(service.here.settings, TRE_PORT=str(port), TRE_BEARER_TOKENS="true")
    process = subprocess.Popen([sys.executable, "-m", "service.api"], env=told, stderr=subprocess.DEVNULL)
    wait_for(f"http://127.0.0.1:{port}/health")
    return process


@pytest.fixture(scope="module")
def live(
    preparations: Callable[[Databases], Prepared], files: Files, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    shared = preparations(files)
    url = files.copy(shared.urls["registered"])
    with ExitStack() as stack:
        service = stack.enter_context(at_work(tmp_path_factory.mktemp("live"), shared, url))
        service.open_project(project_id=STUDY, valid_to=date(2099, 12, 31))
        port = free_port()
        http_client = stack.enter_context(
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS, trust_env=False)
        )
        client = Client(
            http_client, NORTH, service.people[NORTH].key, clock=utc_now, random=secrets.token_bytes
        )
        made = Live(service, port, started(service, port), client)
        yield made
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(SECONDS)


def received(live: Live, place: str, package: bytes) -> None:
    receipt = live.finish(place)
    assert receipt["sealed_sha256"] == hashlib.sha256(package).hexdigest()
    kept = live.service.here.settings.spool / "submissions" / f"{receipt['sealed_sha256']}.tresub"
    assert kept.read_bytes() == package
    assert not list((live.service.here.settings.spool / "uploads").iterdir())


# --- killed, broken off, out of room


def test_an_api_killed_in_the_middle_of_a_piece_tells_a_true_offset(live: Live) -> None:
    package = live.package(NOTE_BYTES * 2)
    place = live.begin(len(package))
    connection = live.begin_piece(place, 0, len(package))
    connection.send(package[: NOTE_BYTES + 5 * MIB])
    until("is the first part on the disk?", lambda: live.offset(place) > 0)
    live.restart()
    connection.close()
    stands_at = live.offset(place)
    assert NOTE_BYTES <= stands_at <= NOTE_BYTES + 5 * MIB
    live.append(place, stands_at, package[stands_at:])
    received(live, place, package)


def test_a_client_that_vanishes_leaves_what_came(live: Live) -> None:
    package = live.package(3 * MIB)
    place = live.begin(len(package))
    file = live.service.here.settings.spool / place[1:]
    with closing(live.begin_piece(place, 0, len(package))) as connection:
        connection.send(package[: 2 * MIB])
        until("is the piece at work?", lambda: file.stat().st_size > 0)
    until("is the break noticed?", lambda: live.offset(place) > 0)
    stands_at = live.offset(place)
    live.append(place, stands_at, package[stands_at:])
    received(live, place, package)


def test_a_full_disk_keeps_what_was_noted_and_the_rest_comes_when_there_is_room(live: Live) -> None:
    package = live.package(NOTE_BYTES + 8 * MIB)
    place = live.begin(len(package))
    _, hard = resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, (NOTE_BYTES + 3 * MIB, hard))
    with pytest.raises(RemoteProblem) as full:
        live.append(place, 0, package)
    assert (full.value.status, full.value.slug) == (507, "storage-full")
    assert live.service.entries()[-1].detail == {"code": "storage-full", "status": 507}
    stands_at = live.offset(place)
    assert stands_at == (live.service.here.settings.spool / place[1:]).stat().st_size >= NOTE_BYTES
    resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    live.append(place, stands_at, package[stands_at:])
    received(live, place, package)


def test_our_own_tool_goes_on_after_a_full_disk(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.provider.upload.PIECE_BYTES", MIB)
    package, begun, reached = live.package(6 * MIB), list[str](), list[int]()
    sending = Sending(
        client=live.client,
        project_id=STUDY,
        file=BytesIO(package),
        length=len(package),
        pause=lambda _: None,
        began=begun.append,
    )
    _, hard = resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, (5 * MIB, hard))
    with pytest.raises(RemoteProblem):
        hand_over(sending)
    resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    receipt = hand_over(replace(sending, reached=reached.append), begun[0])
    assert receipt["sealed_sha256"] == hashlib.sha256(package).hexdigest()
    assert reached[0] == 5 * MIB


# --- tuspy


def tuspy(live: Live, package: bytes, **options: Any) -> Uploader:
    client = TusClient(live.endpoint, headers={"authorization": f"Bearer {live.bearer()}"})
    return client.uploader(file_stream=BytesIO(package), **{"chunk_size": MIB, **options})


@pytest.fixture
def packaged(live: Live, tmp_path: Path) -> tuple[bytes, Path]:
    package, path = live.package(5 * MIB), tmp_path / "delivery.tresub"
    path.write_bytes(package)
    return package, path


def place_of(url: str | None) -> str:
    assert url is not None
    return httpx.URL(url).path


def expire(live: Live, place: str) -> None:
    with live.service.here.sessions.begin() as session:
        over = sa.update(Upload).where(Upload.id == place.rpartition("/")[2])
        session.execute(over.values(expires_at=utc_now() - timedelta(seconds=1)))


@pytest.mark.parametrize("checked", [False, True])
def test_tuspy_uploads_stops_and_goes_on(live: Live, *, checked: bool) -> None:
    package = live.package(5 * MIB)
    first = tuspy(live, package, upload_checksum=checked, metadata={"filename": "delivery.tresub"})
    first.upload(stop_at=2 * MIB)
    again = tuspy(live, package, url=first.url, upload_checksum=checked)
    assert again.offset == 2 * MIB
    again.upload()
    received(live, place_of(again.url), package)


def test_tuspy_is_told_of_a_wrong_checksum(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    uploader = tuspy(live, live.package(3 * MIB), upload_checksum=True)
    uploader.upload(stop_at=MIB)
    with monkeypatch.context() as patch:
        right = TusRequest.add_checksum
        patch.setattr(TusRequest, "add_checksum", lambda request, chunk: right(request, chunk + b"x"))
        with pytest.raises(TusUploadFailed) as refused:
            uploader.upload(stop_at=2 * MIB)
    assert refused.value.status_code == 460
    assert uploader.get_offset() == MIB
    live.client.exchange("DELETE", place_of(uploader.url), headers={"tus-resumable": "1.0.0"})
    with pytest.raises(TusCommunicationError, match="404"):
        uploader.get_offset()


def test_tuspy_is_told_that_an_upload_expired(live: Live) -> None:
    package = live.package(3 * MIB)
    uploader = tuspy(live, package)
    uploader.upload(stop_at=MIB)
    expire(live, place_of(uploader.url))
    with pytest.raises(TusUploadFailed) as refused:
        uploader.upload()
    assert refused.value.status_code == 404
    anew = tuspy(live, package)
    anew.upload()
    received(live, place_of(anew.url), package)


# --- tus-js-client


def node(live: Live, modules: Path, command: str, url: str, *more: str) -> dict[str, Any]:
    script = Path(__file__).parents[1] / "outside" / "tus.mjs"
    done = subprocess.run(
        ["node", script, modules, command, url, live.bearer(), *more],
        capture_output=True,
        timeout=SECONDS * 2,
        check=True,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.outside(tool="node")
def test_tus_js_client_uploads_stops_and_goes_on(
    live: Live, packaged: tuple[bytes, Path], node_modules: Path
) -> None:
    package, path = packaged
    stopped = node(live, node_modules, "interrupt", live.endpoint, str(path), str(2 * MIB))
    assert stopped["statuses"][:2] == ["POST 201", "PATCH 204"]
    resumed = node(live, node_modules, "resume", stopped["url"], str(path), str(2 * MIB))
    assert resumed["url"] == stopped["url"], "it went on with its upload and did not begin another"
    assert resumed["statuses"][0] == "HEAD 200"
    assert set(resumed["statuses"][1:]) == {"PATCH 204"}
    received(live, place_of(resumed["url"]), package)


@pytest.mark.outside(tool="node")
def test_tus_js_client_sends_all_in_one_piece(
    live: Live, packaged: tuple[bytes, Path], node_modules: Path
) -> None:
    package, path = packaged
    sent = node(live, node_modules, "upload", live.endpoint, str(path), "Infinity")
    assert sent["statuses"] == ["POST 201", "PATCH 204"]
    received(live, place_of(sent["url"]), package)


@pytest.mark.outside(tool="node")
def test_tus_js_client_ends_an_upload_and_is_told_when_it_is_gone(
    live: Live, packaged: tuple[bytes, Path], node_modules: Path
) -> None:
    _, path = packaged
    place = live.begin(path.stat().st_size)
    url = f"{live.url}{place}"
    assert node(live, node_modules, "terminate", url)["statuses"] == ["DELETE 204"]
    assert node(live, node_modules, "terminate", url)["failed"] == 404
    gone = node(live, node_modules, "resume", url, str(path), str(2 * MIB))
    assert gone["statuses"][:2] == ["HEAD 404", "POST 404"], "it begins anew, here where it may not"
