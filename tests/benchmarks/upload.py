"""A gigabyte from our own client to a real api process on loopback: speed, and what memory the api took."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import httpx

from service.client import Client
from service.clock import utc_now
from service.provider.upload import Sending, hand_over
from tests.api.test_process import environment, free_port, wait_for
from tests.at_work import AtWork, at_work, prepared
from tests.databases import Files

NORTH = "northern-trust"
STUDY = "long-study"
BYTES = 1 << 30
LEAST_MB_PER_SECOND = 100
MOST_API_BYTES = 300 << 20
TURNS = 3
SECONDS = 30.0


def upload() -> dict[str, object]:
    """Megabytes a second to the disk, in pieces with checksums; the receipt is timed apart."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("shared", "databases", "work"):
            (folder / name).mkdir()
        files = Files(folder / "databases")
        shared = prepared(folder / "shared", files)
        url = files.copy(shared.urls["registered"])
        service = stack.enter_context(at_work(folder / "work", shared, url))
        service.open_project(project_id=STUDY, valid_to=date(2099, 12, 31))
        package = folder / "delivery.tresub"
        package.write_bytes(_package(service))
        port, pid = stack.enter_context(_api(service))
        http = stack.enter_context(
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False)
        )
        key = service.people[NORTH].key
        client = Client(http, NORTH, key, clock=utc_now, random=secrets.token_bytes)
        resting, started = _peak_bytes(pid), _cpu_seconds(pid)
        turns = sorted(_turn(client, package) for _ in range(TURNS))
        size, peak = package.stat().st_size, _peak_bytes(pid)
        cpu = _cpu_seconds(pid) - started
    sent, received = turns[TURNS // 2]
    figures: dict[str, object] = {
        "bytes": size,
        "mb_per_second": size / sent / 1e6,
        "seconds_to_receipt": received,
        "api_cpu_seconds_each_time": cpu / TURNS,
        "api_peak_rss_bytes": peak,
        "api_resting_rss_bytes": resting,
        "least_mb_per_second": LEAST_MB_PER_SECOND,
        "most_api_rss_bytes": MOST_API_BYTES,
    }
    return figures | {"within_limits": size / sent / 1e6 >= LEAST_MB_PER_SECOND and peak <= MOST_API_BYTES}


def _package(service: AtWork) -> bytes:
    block = secrets.token_bytes(1 << 20)
    contents = {"identifiers": block * (BYTES >> 20), "cancer_registration": b"events"}
    return service.package(NORTH, contents=contents, project_id=STUDY)


@contextmanager
def _api(service: AtWork) -> Iterator[tuple[int, int]]:
    port = free_port()
    told = environment(service.here.settings, TRE_PORT=str(port))
    with subprocess.Popen([sys.executable, "-m", "service.api"], env=told, stderr=subprocess.DEVNULL) as api:
        try:
            wait_for(f"http://127.0.0.1:{port}/health")
            yield port, api.pid
        finally:
            api.terminate()
            api.wait(SECONDS)


def _turn(client: Client, package: Path) -> tuple[float, float]:
    """Seconds until all bytes were on the service's disk, and from then to the receipt."""
    reached: list[float] = []
    with package.open("rb") as file:
        sending = Sending(
            client=client,
            project_id=STUDY,
            file=file,
            length=package.stat().st_size,
            pause=time.sleep,
            reached=lambda _: reached.append(time.perf_counter()),
        )
        hand_over(sending)
    return reached[-1] - reached[0], time.perf_counter() - reached[-1]


def _peak_bytes(pid: int) -> int:
    """The most memory that a process ever had (VmHWM of proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process (proc(5)): a busy machine changes it less than the clock's."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
