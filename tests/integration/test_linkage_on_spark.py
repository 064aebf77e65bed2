"""A project whose permit asks for Spark: the linkage worker finds the same persons there."""

from __future__ import annotations

import copy
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa
import pytest

from service.operate.installation import environment
from tests.integration.conftest import At
from tests.integration.refusing import put_permit
from tests.integration.test_linkage_runs_again import crosswalk, run_again
from tests.integration.workshop import Workshop
from tests.outside_checks import environment_without_ours

pytestmark = [pytest.mark.outside(tool="spark"), pytest.mark.enable_socket]
LEVELS = ("link_id_strict", "link_id", "link_id_lenient")
SECONDS_TO_LINK = 480
ON_SPARK = {"TRE_PROFILE": "cluster", "TRE_SPARK_MASTER": "local[2]"}


def persons(table: pa.Table, level: str) -> set[frozenset[str]]:
    """The clusters of a level, each as the person keys of its records."""
    groups: dict[str, set[str]] = {}
    for row in table.to_pylist():
        groups.setdefault(row[level], set()).add(row["person_key"])
    return {frozenset(group) for group in groups.values()}


def figures(shop: Workshop, run_id: str) -> dict[str, object]:
    """What a run told, but for how long it took."""
    told = copy.deepcopy(shop.run(run_id).figures)
    assert told is not None
    for pair in told["pairs"].values():
        del pair["seconds"]
    return told


def opened_for_spark(shop: Workshop) -> None:
    """As if the project had been opened with this permit: no worker has believed another one."""
    for role in ("linkage", "analysis"):
        shutil.rmtree(shop.home.vault(role) / "permits", ignore_errors=True)
    put_permit(shop, shop.permit_text(engine="spark"))


def linked_on_spark(shop: Workshop, *, in_full: bool) -> str:
    opened_for_spark(shop)
    shop.told = ON_SPARK
    run_again(shop, in_full=in_full)
    (asked,) = [entry for entry in shop.entries() if entry.detail.get("engine") == "spark"]
    return asked.subject


def test_a_run_on_spark_finds_the_persons_of_one_on_duckdb_and_tells_the_same(at: At) -> None:
    shop = at("finished")
    before, told = crosswalk(shop), figures(shop, shop.ids["run"])
    run_id = linked_on_spark(shop, in_full=True)
    after = crosswalk(shop)
    assert [persons(after, level) for level in LEVELS] == [persons(before, level) for level in LEVELS]
    assert after["link_id"].to_pylist() == before["link_id"].to_pylist()
    assert figures(shop, run_id) == told | {"spine": figures(shop, run_id)["spine"]}


@pytest.mark.process
@pytest.mark.deep
def test_a_worker_that_closed_itself_in_links_on_spark(at: At) -> None:
    """Java is not started by the worker, which may start nothing, but by what was begun beside it."""
    shop = at("run-asked")
    opened_for_spark(shop)
    told = {**environment_without_ours(), **environment(shop.home, "linkage"), **ON_SPARK}
    with worker(told) as process:
        deadline = time.monotonic() + SECONDS_TO_LINK
        while shop.run(shop.ids["run"]).state.value == "asked" and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.5)
        assert (shop.run(shop.ids["run"]).state.value, shop.run(shop.ids["run"]).code) == ("linked", None)
        status = json.loads((shop.home.root / "status" / "linkage" / "status.json").read_text())
    assert {"IPv4 socket", "connection to loopback"} <= set(status["open"])
    assert not {"execve", "memory writable and executable", "IPv6 socket", "ptrace"} & set(status["open"])


@contextmanager
def worker(told: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The linkage worker as a program; afterwards it has ended, and what was beside it too."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service.worker", "linkage"],
        env=told,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)  # its pipe is theirs too: it ends when all have
    assert process.returncode == 0, log
