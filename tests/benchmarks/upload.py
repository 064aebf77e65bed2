"""A gigabyte from our own client to a real api process on loopback: speed, and what memory the api took."""

from __future__ import annotations

import secrets
import tempfile
import time
from datetime import date
from pathlib import Path

import httpx

from service.client import Client
from service.clock import utc_now
from service.provider.upload import Sending, hand_over
from tests.at_work import AtWork
from tests.benchmarks.live_api import live_api
from tests.benchmarks.measure import Budget, Figures, main

NORTH, STUDY = "northern-trust", "long-study"
MIB = 1 << 20
PART_MIB = 1024
TURNS = 3
BUDGETS = (
    Budget("mb_per_second", 100),
    Budget("api_peak_rss_bytes", 300 * MIB, at_least=False),
)


def figures(scale: float) -> Figures:
    """Megabytes a second to the disk, in pieces with checksums; the receipt is timed apart."""
    with tempfile.TemporaryDirectory() as name, live_api() as api:
        api.service.open_project(project_id=STUDY, valid_to=date(2099, 12, 31))
        package = Path(name) / "delivery.tresub"
        package.write_bytes(_package(api.service, max(1, round(PART_MIB * scale))))
        size = package.stat().st_size
        resting, spent = _peak_bytes(api.process), api.processor_seconds()
        with httpx.Client(base_url=f"http://127.0.0.1:{api.port}", timeout=600, trust_env=False) as http:
            key = api.service.people[NORTH].key
            client = Client(http, NORTH, key, clock=utc_now, random=secrets.token_bytes)
            turns = sorted(_turn(client, package) for _ in range(TURNS))
        spent, peak = api.processor_seconds() - spent, _peak_bytes(api.process)
    sent, received = turns[TURNS // 2]
    return {
        "bytes": size,
        "mb_per_second": size / sent / 1e6,
        "seconds_to_receipt": received,
        "mb_per_processor_second_of_the_api": TURNS * size / spent / 1e6,
        "api_peak_rss_bytes": peak,
        "api_resting_rss_bytes": resting,
    }


def _package(service: AtWork, part_mib: int) -> bytes:
    contents = {"identifiers": secrets.token_bytes(MIB) * part_mib, "cancer_registration": b"events"}
    return service.package(NORTH, contents=contents, project_id=STUDY)


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


def _peak_bytes(process: int) -> int:
    """The most memory that a process ever had (VmHWM of proc(5))."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main(figures, *BUDGETS)
