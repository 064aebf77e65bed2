"""A whole life of the service with marked records, with refusals and a killed worker; all is kept."""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from linkage_engine.laboratory.demo import path
from linkage_engine.laboratory.demo.cast import PROJECT, cast
from linkage_engine.laboratory.demo.commands import Journal, service_up, wait_for
from linkage_engine.laboratory.demo.path import Demo
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.api import described_app
from service.checker.main import app as check
from service.client import ASSERTION_TYPE, Client, Proving, client_assertion
from service.clock import utc_now
from service.command_line import run
from service.keys import folder_key
from service.operate.folders import FIRST_UID, PROCESSES
from service.operate.main import app as operate
from service.provider.main import app as provide
from service.provider.secret import kept_path, read_secret
from service.researcher.main import app as ask
from service.signed import SigningKey
from tests.attacks.canary.hostile import HostileProvider, crafted_deliveries
from tests.attacks.canary.marks import COLUMNS, Kind, Marks, plant, plant_out_of_list, read_rows

PEOPLE, SEED = 1200, 5
TAKE_PART = ("cancer-registry", "gp-federation")
SPARED = frozenset({"PATIENTID", "patient_ref", "BIRTHDATEBEST", "dob"})
"""Columns that validation does not check: what cannot be used there is left out, and refuses nothing."""
APPS = {"tre-operate": operate, "tre-provider": provide, "tre-researcher": ask, "tre-checker": check}
SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")  # read, not written
KILLED = "analysis"
BEGUN_SECONDS = 0.3


@dataclass
class Life:
    """What came of it: the folder with everything, what was planted, and what the refusals were."""

    demo: Demo
    marks: Marks = field(default_factory=Marks)
    refusals: dict[str, list[str]] = field(default_factory=dict)
    """For each crafted delivery the codes of its refused parts."""
    notices: str = ""
    statuses: set[int] = field(default_factory=set)

    @property
    def seen(self) -> Path:
        """What was recorded from outside."""
        return self.demo.out / "seen"


def live(out: Path) -> Life:
    """Live it, from two providers' files to an exported log, and look everywhere before it ends."""
    life = Life(Demo(out, QuickJournal(out), TAKE_PART))
    demo = life.demo
    path.make_england(demo, PEOPLE, SEED)
    (out / "providers" / "truth.csv").unlink()
    for folder in (out / "providers").iterdir():  # the truth, and providers that take no part
        if folder.name not in TAKE_PART:
            shutil.rmtree(folder)
    plant(out / "providers", life.marks)
    path.set_up(demo)
    with service_up(demo.home, out / "service.log"):
        path.open_project(demo)
        path.share_secret(demo)
        note_secret(life)
        fail_at_the_providers(life)
        path.deliver(demo, "cancer-registry")
        with killed_in_the_middle(life):
            path.deliver(demo, "gp-federation")
        deliver_crafted(life)
        path.link(demo)
        path.ask(demo)
        path.check_and_fetch(demo)
        Recorder(life).record_everything()
        bundle = ("--out", out / "log-bundle.zip")
        demo.journal.run("tre-audit", "export", *demo.signed_in("reviewer"), *bundle)
        look_at_processes(life)
        look_at_leftovers(life)
        copy_while_up(demo.home / "control", life.seen / "control-while-up")
    life.notices = (out / "service.log").read_text()
    note_keys_and_links(life)
    return life


def note_secret(life: Life) -> None:
    """The project linkage secret, which each provider opened from its own envelope."""
    kept = [kept_path(life.demo.keys(provider), PROJECT, 1) for provider in TAKE_PART]
    for one in kept:
        life.marks.note(Kind.LINKAGE_SECRET, read_secret(one).reveal().hex())


def copy_while_up(control: Path, copy: Path) -> None:
    """The database's files as they lie while it is written to, and one whole copy that can be read."""
    shutil.copytree(control, copy)
    with (
        closing(sqlite3.connect(control / "control.db")) as at_work,
        closing(sqlite3.connect(copy / "whole.db")) as whole,
    ):
        at_work.backup(whole)


def fail_at_the_providers(life: Life) -> None:
    """Extracts with a value in every column that nothing allows, and one that is no table."""
    demo = life.demo
    for provider in demo.providers:
        wrong = demo.at(provider, "wrong")
        shutil.copytree(demo.at(provider, "."), wrong)
        for file in (name for name in COLUMNS if name.startswith(provider)):
            plant_out_of_list(wrong / Path(file).name, life.marks, sparing=SPARED)
        outputs = ("--json", wrong / "report.json", "--html", wrong / "report.html")
        demo.journal.run("tre-provider", "validate", wrong / "mapping.json", *outputs, expect=1)
    broken = demo.at("gp-federation", "broken")
    shutil.copytree(demo.at("gp-federation", "wrong"), broken)
    with (broken / "patients.csv").open("a") as extract:
        extract.write(f'{life.marks.word(Kind.OUT_OF_LIST, "TOOMANY")},"left open\n')
    demo.journal.run("tre-provider", "validate", broken / "mapping.json", expect=1)


class QuickJournal(Journal):
    """Makes key folders without a process for each: nothing of a record is near them yet."""

    def run(self, tool: str, *arguments: str | Path, expect: int = 0) -> str:
        """As the journal does, but for `keys`."""
        if arguments[0] != "keys":
            return super().run(tool, *arguments, expect=expect)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            assert run(APPS[tool], list(map(str, arguments))) == expect
        return printed.getvalue()


class killed_in_the_middle:  # noqa: N801  # reads as what it does
    """Kills a worker once the next delivery has come in; its supervisor starts it again."""

    def __init__(self, life: Life) -> None:
        self._submissions = life.demo.home / "spool" / "submissions"
        self._pids = life.demo.home / "pids.json"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._kill)

    def __enter__(self) -> None:
        self._before = len(list(self._submissions.iterdir()))
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _kill(self) -> None:
        while not self._ended.wait(0.02):
            if len(list(self._submissions.glob("*.tresub"))) > self._before:
                time.sleep(BEGUN_SECONDS)
                os.kill(json.loads(self._pids.read_text())[KILLED], signal.SIGKILL)
                return


@contextlib.contextmanager
def _client(life: Life, principal_id: str) -> Iterator[Client]:
    """A client of that principal, its connections closed at the end."""
    keys = life.demo.keys(principal_id)
    with httpx.Client(base_url=life.demo.url, timeout=60, trust_env=False) as http:
        yield Client(http, principal_id, folder_key(keys), clock=utc_now, random=secrets.token_bytes)


def _signed_in(life: Life, principal_id: str) -> Proving:
    """A token of that principal, and the key that it is bound to."""
    own, keys = SigningKey.generate(), life.demo.keys(principal_id)
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": client_assertion(
            principal_id, folder_key(keys), clock=utc_now, random=secrets.token_bytes
        ),
    }
    with httpx.Client(base_url=life.demo.url, timeout=60, trust_env=False) as http:
        asked = Proving(own, clock=utc_now, random=secrets.token_bytes)
        token = http.post("/token", data=form, auth=asked).raise_for_status().json()["access_token"]
    return Proving(own, token, clock=utc_now, random=secrets.token_bytes)


def deliver_crafted(life: Life) -> None:
    """Every delivery that a hostile provider thought of, until it is settled."""
    demo, provider = life.demo, "gp-federation"
    with _client(life, provider) as client:
        hostile = HostileProvider.at(
            demo.at(provider, "."),
            keys=demo.keys(provider),
            secret=kept_path(demo.keys(provider), PROJECT, 1),
            client=client,
        )
        life.marks.note(Kind.PERSON_KEY, *hostile.delivery.persons.keys.to_pylist())
        crafted = crafted_deliveries(hostile.tables, life.marks)
        sent = {why: hostile.send(delivery) for why, delivery in crafted}
        for why, submission_id in sent.items():
            wait_for(f"are all parts settled: {why}?", _settled(client, submission_id))
            parts = client.get(f"/submissions/{submission_id}")["parts"]
            life.refusals[why] = [part["code"] for part in parts if part["state"] == "rejected"]
    demo.facts["crafted"] = sent


def _settled(client: Client, submission_id: str) -> Iterator[bool]:
    while True:
        parts = client.get(f"/submissions/{submission_id}")["parts"]
        yield all(part["state"] != "waiting" for part in parts)


@dataclass
class Recorder:
    """Asks everything as everybody, wrongly too, and keeps every answer whole."""

    life: Life
    count: int = 0

    def record_everything(self) -> None:
        """Every address with every role's token and with none, with real ids and with marks for ids."""
        demo, marks = self.life.demo, self.life.marks
        query_id = demo.facts["queries"]["prevalence"]["query_id"]
        submissions = [receipt["submission_id"] for receipt in demo.facts["receipts"].values()]
        real: dict[str, list[str]] = {
            "project_id": [PROJECT],
            "submission_id": [*submissions, *demo.facts["crafted"].values()],
            "run_id": [demo.facts["linkage_run"]["run_id"]],
            "withdrawal_id": [query_id],
            "destruction_id": [query_id],
            "query_id": [query_id],
            "preflight_id": [query_id],
            "release_id": [query_id],
            "slug": ["not-found"],
            "link": ["0" * 43],
        }
        mark = marks.word(Kind.REQUEST, "ASKED")
        who_asks: dict[str, httpx.Auth] = {
            member.principal_id: _signed_in(self.life, member.principal_id) for member in cast(demo.providers)
        }
        forged, forger = f"{mark}.{mark}.{mark}", SigningKey.generate()
        who_asks |= {
            "nobody": httpx.Auth(),
            "forger": Proving(forger, forged, clock=utc_now, random=secrets.token_bytes),
        }
        with httpx.Client(base_url=demo.url, timeout=30, trust_env=False) as http:
            for who, auth in who_asks.items():
                for method, route in _routes():
                    for address in _addresses(route, method, real, mark):
                        self._keep(who, http.send(_request(http, method, address, mark), auth=auth))
            for form in _wrong_sign_ins(mark):
                self._keep("sign-in", http.post("/token", data=form))

    def _keep(self, who: str, answer: httpx.Response) -> None:
        self.count += 1
        self.life.statuses.add(answer.status_code)
        keep_answer(self.life.seen / "http" / f"{self.count:04}-{who}", answer)


def keep_answer(place: Path, answer: httpx.Response) -> None:
    """Keep what an answer said: status, headers, body."""
    place.parent.mkdir(parents=True, exist_ok=True)
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items())
    place.with_suffix(".head").write_text(f"{answer.status_code}\n{head}\n")
    place.with_suffix(".body").write_bytes(answer.content)


def _routes() -> list[tuple[str, str]]:
    paths = described_app().openapi()["paths"]
    return [(method.upper(), route) for route, methods in paths.items() for method in methods]


def _addresses(route: str, method: str, real: dict[str, list[str]], mark: str) -> Iterator[str]:
    name = route.partition("{")[2].partition("}")[0]
    if not name:
        yield route
        yield f"{route}?after={mark}&actor={mark}&{mark}={mark}"
        return
    yield route.replace(f"{{{name}}}", mark)
    if method == "GET" or route.endswith(("/queries", "/decisions")):
        yield from (route.replace(f"{{{name}}}", one) for one in real[name])


def _request(http: httpx.Client, method: str, address: str, mark: str) -> httpx.Request:
    if method == "GET":
        return http.build_request(method, address, headers={"accept": "text/html"})
    # A body that is wrong in every way: an unknown field, a text that nobody signed.
    body: dict[str, Any] = {mark: mark, "question": mark, "decision": f"{mark}.{mark}.{mark}", "permit": mark}
    return http.build_request(method, address, json=body)


def _wrong_sign_ins(mark: str) -> Iterator[dict[str, str]]:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
    yield {**form, "client_assertion": mark}
    yield {**form, "client_assertion": f"{mark}.{mark}.{mark}", mark: mark}
    yield {**form, "client_assertion_type": mark, "client_assertion": mark}


def look_at_processes(life: Life) -> None:
    """Environment and command line of each process, where this test may read them."""
    pids: dict[str, int] = json.loads((life.demo.home / "pids.json").read_text())
    for name, pid in pids.items():
        keep_process(life.seen / "processes" / name, pid)


def keep_process(place: Path, pid: int) -> None:
    """Keep what the kernel shows of a process to its owner."""
    place.mkdir(parents=True, exist_ok=True)
    for name in ("environ", "cmdline"):
        try:
            (place / name).write_bytes(Path(f"/proc/{pid}/{name}").read_bytes())
        except OSError:
            # Workers are not dumpable: without root not even their owner may look.
            (place / f"{name}.closed").touch()


def look_at_leftovers(life: Life) -> None:
    """What users of the service's processes left in the machine's shared temporary folders."""
    users = range(FIRST_UID, FIRST_UID + len(PROCESSES) + 1)
    for number, folder in enumerate(SHARED_FOLDERS):
        for path_there in Path(folder).iterdir():
            with contextlib.suppress(OSError):  # somebody else's, gone meanwhile
                if path_there.stat().st_uid in users and path_there.is_file():
                    kept = life.seen / "leftovers" / f"{number}-{path_there.name}"
                    kept.parent.mkdir(exist_ok=True, parents=True)
                    shutil.copyfile(path_there, kept)


def note_keys_and_links(life: Life) -> None:
    """Person keys from the providers' own lists, link ids from the vault that this test has the key of."""
    demo = life.demo
    for provider in demo.providers:
        rows = read_rows(demo.at(provider, "person-keys.csv"))
        life.marks.note(Kind.PERSON_KEY, *(row["person_key"] for row in rows))
    crosswalk = vault_of(demo.home, "analysis").read(PROJECT, "crosswalk")
    life.marks.note(Kind.LINK_ID, *crosswalk["link_id"].to_pylist())


def vault_of(home: Path, role: str) -> Vault:
    """A worker's vault, opened with its key, as no other process of the service can."""
    return Vault(home / "vault" / role, Keystore.from_file(home / "keys" / role / "at-rest.key"))


def refused_acts(life: Life) -> list[str]:
    """The acts that the log says were refused or failed."""
    with closing(sqlite3.connect(life.demo.home / "control" / "control.db")) as connection:
        rows = connection.execute("SELECT DISTINCT action FROM audit_entry WHERE outcome <> 'done'")
        return sorted(action for (action,) in rows)
