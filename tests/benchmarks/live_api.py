"""A real api process to ask: uvicorn and SQLite, a token and a proof with each request."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from service.access.admission import issuer_of
from service.client import Proving
from service.clock import utc_now
from service.settings import ApiSettings
from service.signed import SigningKey, thumbprint
from tests.api.test_process import environment, free_port, wait_for
from tests.at_work import AtWork, at_work, prepared
from tests.databases import Files
from tests.factories import Chance

Headers = dict[str, str]


@dataclass(frozen=True)
class LiveApi:
    """An api that answers, and the service that its database was made with."""

    service: AtWork
    port: int
    process: int

    def proving(self, name: str) -> Proving:
        """Somebody with a token."""
        own, random = SigningKey.generate(), Chance(name.encode())
        role, issuer = self.service.people[name].role, issuer_of(self.service.here)
        token = issuer.issue(name, role, clock=utc_now, random=random, bound_to=thumbprint(own.public))
        return Proving(own, token, clock=utc_now, random=random)

    def signed(self, proving: Proving, path: str, times: int) -> list[Headers]:
        """The headers of so many requests, each with a proof of its own, made before any clock starts."""
        request = httpx.Request("GET", f"http://127.0.0.1:{self.port}{path}")
        made = (next(proving.auth_flow(request)).headers for _ in range(times))
        return [{name: headers[name] for name in ("authorization", "dpop")} for headers in made]

    def connection(self) -> http.client.HTTPConnection:
        """A connection that stays open."""
        return http.client.HTTPConnection("127.0.0.1", self.port)

    def processor_seconds(self) -> float:
        """User and system time of the process so far (proc(5), fields 14 and 15)."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(connection: http.client.HTTPConnection, path: str, headers: Headers, expect: int) -> float:
    """How long an answer took; raises RuntimeError for another one than expected."""
    started = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    taken = time.perf_counter() - started
    if answer.status != expect:
        raise RuntimeError(f"answered with {answer.status}")
    return taken


@contextmanager
def live_api(stage: str = "project") -> Iterator[LiveApi]:
    """An api on a database at a stage of the story."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in ("work", "prepared", "databases"):
            (folder / each).mkdir()
        made = prepared(folder / "prepared", Files(folder / "databases"))
        with (
            at_work(folder / "work", made, made.urls[stage]) as service,
            _running(service.here.settings) as (port, process),
        ):
            yield LiveApi(service, port, process)


@contextmanager
def _running(settings: ApiSettings) -> Iterator[tuple[int, int]]:
    port = free_port()
    told = environment(settings, TRE_PORT=str(port))
    command = [sys.executable, "-m", "service.api"]
    with subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            yield port, process.pid
        finally:
            process.terminate()
