"""Each process is killed in the middle of its work: it comes back, and the end is that of a quiet day."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from linkage_engine.laboratory.demo.cast import PROJECT
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.problems.tools import ServiceUnreachable
from service.provider.files import write_person_keys
from service.provider.upload import hand_over
from service.worker.files import replace_bytes
from tests.forged import Forger, forger
from tests.running import CHECKERS, CLOSE_LOOK_SECONDS, PROVIDERS, Running, until

pytestmark = pytest.mark.process
Person = frozenset[tuple[str, str]]


def killed_in(running: Running, process: str, job: str, delays: Sequence[float]) -> int:
    """Kill a process while it is at a job, once for each delay; how many kills cut the job off."""
    landed = begun = 0
    for delay in delays:
        until(f"has {job} begun?", partial(_begun, running, job, begun), look_seconds=CLOSE_LOOK_SECONDS)
        time.sleep(delay)
        state, begun = running.job(job)
        if state != "PENDING":
            break
        running.kill(process)
        landed += running.job(job)[0] == "PENDING"
    until(f"is {job} done?", lambda: running.job(job)[0] not in {"PENDING", "ENQUEUED", "NONE"})
    state, times = running.job(job)
    assert state == "SUCCESS"
    assert times == landed + 1, "it is begun again after each kill that cut it off, and only then"
    # The next job may be writing: what stays is stray.
    until("is nothing left half written?", lambda: not running.stray())
    return landed


def _begun(running: Running, job: str, before: int) -> bool:
    state, times = running.job(job)
    return times > before and state != "ENQUEUED"


def persons(running: Running, project_id: str, keys: dict[str, Path]) -> set[Person]:
    """Sets of providers' own person ids that are one person, read with the keys that the harness made."""
    home = running.home
    keystore = Keystore.from_file(home.keys("analysis") / "at-rest.key")
    crosswalk = Vault(home.vault("analysis"), keystore).read(project_id, "crosswalk")
    local = {
        (provider, row["person_key"]): row["local_person_id"]
        for provider, path in keys.items()
        for row in csv.DictReader(path.read_text().splitlines())
    }
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in crosswalk.to_pylist():
        person = local[row["provider_id"], row["person_key"]]
        found[row["link_id"]].add((row["provider_id"], person))
    return {frozenset(records) for records in found.values()}


# --- linkage and analysis: deliveries and a linkage run


@pytest.fixture(scope="module")
def disturbed(running: Running) -> str:
    """A project that no other test delivers to."""
    return running.open_project("disturbed-project")


@pytest.fixture(scope="module")
def delivered(running: Running, disturbed: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both deliveries again, to another project, while the workers that open them are killed.

    Returns each provider's list of person keys.
    """
    folder, keys = tmp_path_factory.mktemp("person-keys"), {}
    for provider in sorted(PROVIDERS):
        made = forger(running, provider, disturbed)
        keys[provider] = folder / f"{provider}.csv"
        write_person_keys(made.delivery.persons, keys[provider])
        _delivered_through_kills(running, made)
    return keys


def _delivered_through_kills(running: Running, made: Forger) -> None:
    project_id, provider = made.project.project_id, made.provider
    before = running.spool()
    receipt = running.send(provider, made.honest(), project_id)
    submission_id = receipt["submission_id"]
    if provider == "cancer-registry":
        landed = killed_in(running, "linkage", f"unseal-identifiers:{submission_id}", [0.0, 0.02])
    else:
        landed = killed_in(running, "analysis", f"unseal-payload:{submission_id}", [0.0, 0.1])
    assert landed
    shown = running.settled(provider, submission_id)
    assert shown["state"] == "accepted", shown
    done = running.entered(submission_id)
    assert sorted(done) == sorted(["part:unseal"] * len(shown["parts"]) + ["submission:accept"])
    assert running.spool() - before == {f"submissions/{receipt['sealed_sha256']}.tresub"}


def test_killed_workers_accept_each_delivery_once(delivered: dict[str, Path]) -> None:
    assert sorted(delivered) == sorted(PROVIDERS)


def test_a_killed_linkage_finds_the_same_persons(
    running: Running, disturbed: str, delivered: dict[str, Path]
) -> None:
    before = running.spool()
    run_id = running.client("operator").post(f"/projects/{disturbed}/linkage-runs", {})["run_id"]
    assert killed_in(running, "linkage", f"link:{run_id}", [0.2, 0.5]) == 2
    assert killed_in(running, "analysis", f"receive-crosswalk:{run_id}", [0.0])
    until(
        "is the run finished?",
        lambda: running.client("operator").get(f"/linkage-runs/{run_id}")["state"] == "finished",
    )
    assert running.entered(run_id) == ["linkage-run:finish", "person-spine:change", "crosswalk:receive"]
    assert running.spool() - before == {
        f"hand-overs/linkage/crosswalk-{run_id}.{kind}" for kind in ("age", "jws")
    }
    quiet = {provider: running.demo.at(provider, "person-keys.csv") for provider in PROVIDERS}
    assert persons(running, disturbed, delivered) == persons(running, PROJECT, quiet)
    figures = running.client("operator").get(f"/linkage-runs/{run_id}")["figures"]["pairs"]
    quiet_figures = running.demo.facts["linkage_run"]["figures"]["pairs"]
    assert {p: f["links"] for p, f in figures.items()} == {p: f["links"] for p, f in quiet_figures.items()}


# --- analysis and gate: the same question as on a quiet day


def table(package: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.read("table.csv")


@pytest.mark.parametrize(
    ("process", "job", "delays"),
    [
        ("analysis", "answer", [0.0, 0.1]),
        ("gate", "control", [0.0, 0.3]),
        ("gate", "sign-release", [0.0]),
    ],
)
def test_a_killed_worker_gives_the_same_table_once(
    running: Running, released: str, process: str, job: str, delays: Sequence[float]
) -> None:
    before = running.spool()
    query_id = running.ask()
    if job != "sign-release":
        assert killed_in(running, process, f"{job}:{query_id}", delays)
    assert running.answered(query_id) == "controlled"
    for checker in CHECKERS:
        running.decide(checker, query_id)
    if job == "sign-release":
        assert killed_in(running, process, f"{job}:{query_id}", delays)
    package = running.package(query_id)
    assert table(package) == (running.demo.release("prevalence") / "table.csv").read_bytes()
    assert running.entered(query_id) == ["query:answer", "table:control", "release:sign"]
    assert len(running.rows("SELECT id FROM release WHERE id = ?", query_id)) == 1
    assert {name for name in running.spool() - before if query_id not in name} == set()
    verified(running, query_id, package)


def verified(running: Running, release_id: str, package: bytes) -> None:
    """The package verifies offline with the keys that the machine pinned at set-up."""
    folder = running.demo.out / f"verified-{release_id}"
    folder.mkdir()
    (folder / "release.zip").write_bytes(package)
    pinned = json.loads(running.home.pins.read_text())
    (folder / "log.vkey").write_text(pinned["log_vkey"] + "\n")
    (folder / "release.jwk").write_text(json.dumps(pinned["release_key"]))
    running.tool(
        "tre-audit",
        *("verify-release", folder / "release.zip"),
        *("--vkey", folder / "log.vkey", "--release-key", folder / "release.jwk"),
    )


# --- log


def test_a_killed_log_enters_what_waited_once_and_in_order(running: Running, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint"
    kept.write_text(running.http().get("/log/checkpoint").text)
    mark = running.mark()
    running.kill("log")
    for _ in range(20):
        running.client("operator").get(f"/projects/{PROJECT}")
    waiting = [entry for entry in running.entries(mark) if entry["log_index"] is None]
    assert len(waiting) >= 20, "nobody is there to bring them into the tree"
    last = waiting[-1]["sequence"]

    def entered() -> bool:
        return all(e["log_index"] is not None for e in running.entries(mark) if e["sequence"] <= last)

    until("are all entries in the tree?", entered)
    found = [e for e in running.entries(mark) if e["sequence"] <= last]
    places = [entry["log_index"] for entry in found]
    assert places == list(range(places[0], places[0] + len(places)))
    assert len({entry["entry_id"] for entry in found}) == len(found)
    bundle, vkey = tmp_path / "bundle.zip", tmp_path / "log.vkey"
    vkey.write_text(json.loads(running.home.pins.read_text())["log_vkey"] + "\n")
    running.tool("tre-audit", "export", "--out", bundle, who="reviewer")
    said = running.tool("tre-audit", "verify", bundle, "--vkey", vkey, "--checkpoint", kept)
    assert said.startswith("verified: ")


# --- api


class Fatal(io.BytesIO):
    """A package whose second piece is read when the api is dead."""

    def __init__(self, package: bytes, kill: Callable[[], None]) -> None:
        super().__init__(package)
        self._kill = kill
        self.reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads == 2:
            self._kill()
        return super().read(size)


def test_a_delivery_that_the_api_died_of_goes_on_where_it_stopped(
    running: Running, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = "gp-federation"
    made = forger(running, provider, second)
    package, before = made.honest(), running.spool()
    kept = f"submissions/{hashlib.sha256(package).hexdigest()}.tresub"
    monkeypatch.setattr("service.provider.upload.PIECE_BYTES", len(package) // 4 + 1)
    reached: list[int] = []
    file = Fatal(package, lambda: running.kill("api"))
    sending = replace(
        running.sending(provider, package, second),
        file=file,
        reached=reached.append,
        pause=lambda _: until("does the api answer again?", lambda: answers(running)),
    )
    receipt = hand_over(sending)
    quarter = len(package) // 4 + 1
    assert reached[:2] == [0, quarter]
    assert reached[-1] == len(package)
    assert reached == sorted(reached), "nothing was sent twice but the piece that the api died of"
    assert running.spool() - before == {kept}
    again = running.send(provider, package, second)
    assert again["entry_id"] == receipt["entry_id"]
    assert running.spool() - before == {kept}
    assert running.settled(provider, receipt["submission_id"])["state"] == "accepted"
    received = [
        e for e in running.entries(action="submission:receive") if e["subject"] == receipt["submission_id"]
    ]
    assert len(received) == 1


def answers(running: Running) -> bool:
    try:
        return bool(running.client("operator").get("/health"))
    except ServiceUnreachable:
        return False


# --- a file that is being written


WRITER = """
import sys, time
from pathlib import Path
from service.worker.files import replace_file

def write(file):
    file.write(b"half")
    file.flush()
    print("half", flush=True)
    time.sleep(60)

replace_file(Path(sys.argv[1]), write)
"""


def test_a_killed_writer_leaves_nothing_that_its_successor_does_not_clear(tmp_path: Path) -> None:
    path = tmp_path / "hand-over.age"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half\n"
        os.kill(writer.pid, signal.SIGKILL)
    assert not path.exists()
    replace_bytes(path, b"whole")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"hand-over.age": b"whole"}
