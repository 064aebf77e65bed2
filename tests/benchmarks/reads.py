"""Signed-in reads a second from a real api process: uvicorn, SQLite, a token and a proof each time."""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import httpx

from service.access.admission import issuer_of
from service.access.tokens import Issuer
from service.client import Proving
from service.clock import utc_now
from service.settings import ApiSettings
from service.signed import SigningKey, thumbprint
from tests.api.test_process import environment, free_port, wait_for
from tests.at_work import AtWork, at_work, prepared
from tests.benchmarks.measure import Budget, Figures, main
from tests.databases import Files
from tests.factories import PROJECT, Chance

READS = 3000
READERS = 4
BUDGETS = (Budget("reads_per_second", 400), Budget("p99_seconds", 0.05, at_least=False))


def figures(scale: float) -> Figures:
    """A researcher's look at a project, by four readers at once over connections that stay open."""
    each = max(25, round(READS * scale) // READERS)
    with tempfile.TemporaryDirectory() as name, _service(Path(name)) as service:
        issuer: Issuer = issuer_of(service.here)
        role = service.people["rosalind"].role
        own, random = SigningKey.generate(), Chance(b"bench")
        token = issuer.issue("rosalind", role, clock=utc_now, random=random, bound_to=thumbprint(own.public))
        with _api(service.here.settings) as (port, process), ThreadPoolExecutor(READERS) as readers:
            proving = Proving(own, token, clock=utc_now, random=random)
            _read(port, _signed(proving, port, 50))
            # Made before the clock starts: what signing costs is the client's.
            signed = [_signed(proving, port, each) for _ in range(READERS)]
            spent, started = _processor_seconds(process), time.perf_counter()
            waits = list(chain(*readers.map(lambda requests: _read(port, requests), signed)))
            taken = time.perf_counter() - started
            spent = _processor_seconds(process) - spent
    hundredths = statistics.quantiles(waits, n=100)
    return {
        "reads": len(waits),
        "readers": READERS,
        "reads_per_second": len(waits) / taken,
        "reads_per_processor_second_of_the_api": len(waits) / spent,
        "p50_seconds": hundredths[49],
        "p99_seconds": hundredths[98],
    }


@contextmanager
def _service(folder: Path) -> Iterator[AtWork]:
    for name in ("work", "prepared", "databases"):
        (folder / name).mkdir()
    made = prepared(folder / "prepared", Files(folder / "databases"))
    with at_work(folder / "work", made, made.urls["project"]) as service:
        yield service


@contextmanager
def _api(settings: ApiSettings) -> Iterator[tuple[int, int]]:
    port = free_port()
    told = environment(settings, TRE_PORT=str(port))
    command = [sys.executable, "-m", "service.api"]
    with subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            yield port, process.pid
        finally:
            process.terminate()


def _processor_seconds(process: int) -> float:
    """User and system time so far (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _signed(proving: Proving, port: int, times: int) -> list[dict[str, str]]:
    """The headers of so many reads, each with a proof of its own."""
    request = httpx.Request("GET", f"http://127.0.0.1:{port}/projects/{PROJECT}")
    signed = (next(proving.auth_flow(request)).headers for _ in range(times))
    return [{name: headers[name] for name in ("authorization", "dpop")} for headers in signed]


def _read(port: int, signed: list[dict[str, str]]) -> list[float]:
    """How long each read took."""
    waits = []
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for headers in signed:
        started = time.perf_counter()
        connection.request("GET", f"/projects/{PROJECT}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        waits.append(time.perf_counter() - started)
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"a read was answered with {answer.status}")
    connection.close()
    return waits


if __name__ == "__main__":
    main(figures, *BUDGETS)
