"""A service of five real processes, set up and driven by its own commands; one for the whole session."""

from __future__ import annotations

import io
import json
import os
import secrets
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from linkage_engine.contract.permit import Grant, Permit
from linkage_engine.contract.query_spec import query_spec
from linkage_engine.contract.statements import Decision, Verdict
from linkage_engine.laboratory.demo import path
from linkage_engine.laboratory.demo.cast import PROJECT, permit_draft, specification
from linkage_engine.laboratory.demo.commands import Journal, service_up, wait_for
from linkage_engine.laboratory.demo.path import Demo
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from service.checker.evidence import Opened, open_evidence
from service.client import Client, RemoteProblem
from service.clock import utc_now
from service.keys import folder_key, signing_key
from service.operate.installation import SEALED_TO, Home
from service.problems.catalogue import CATALOGUE
from service.provider.granting import granted
from service.provider.secret import kept_path, read_secret
from service.provider.upload import Sending, hand_over
from service.researcher.questions import signed_question
from service.signed import SigningKey, TextType, sign
from service.submissions.remedies import remedy_of

PEOPLE, SEED = 2000, 3
PROVIDERS = ("cancer-registry", "gp-federation")
"""Of the demo's four: enough for a linkage and a table, and half the time."""
CHECKERS = ("checker-one", "checker-two")
LOOK_SECONDS, CLOSE_LOOK_SECONDS = 0.05, 0.003
PATIENCE_SECONDS = 60.0


def until(question: str, answer: Callable[[], bool], *, look_seconds: float = LOOK_SECONDS) -> None:
    """Look again and again, for a bounded time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not answer():
        assert time.monotonic() < deadline, f"waited in vain: {question}"
        time.sleep(look_seconds)


@dataclass
class Running:
    """A service at work, and what is needed to play everybody around it."""

    demo: Demo
    said: Path
    """What `tre-operate up` printed."""
    closing: ExitStack
    clients: dict[str, Client] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home(self.demo.home)

    # --- people, as their own tools would act for them, without a process for each act

    def key(self, who: str) -> SigningKey:
        return folder_key(self.demo.keys(who))

    def http(self) -> httpx.Client:
        """A plain client, closed at the end."""
        return self.closing.enter_context(httpx.Client(base_url=self.demo.url, timeout=60, trust_env=False))

    def client(self, who: str) -> Client:
        if who not in self.clients:
            self.clients[who] = Client(
                self.http(), who, self.key(who), clock=utc_now, random=secrets.token_bytes
            )
        return self.clients[who]

    def tool(self, name: str, *arguments: str | Path, who: str | None = None, expect: int = 0) -> str:
        """What a command said: its output, or the refusal where one is expected."""
        signed_in = self.demo.signed_in(who) if who else ()
        return self.demo.journal.run(name, *arguments, *signed_in, expect=expect)

    # --- projects

    @property
    def secret(self) -> LinkageSecret:
        return read_secret(kept_path(self.demo.keys(self.demo.providers[0]), PROJECT, 1))

    def permit(self, project_id: str, **changes: object) -> str:
        """A permit for the same people, who share their secret already, signed by governance."""
        draft = permit_draft(self.demo.out / "people", providers=self.demo.providers)
        data_sets = [self._granted(each, project_id) for each in draft["data_sets"]]
        named = {
            "project_id": project_id,
            "key_check": key_check(self.secret, project_id, 1),
            "data_sets": data_sets,
        }
        permit = Permit.model_validate_json(json.dumps({**draft, **named, **changes}))
        return sign(permit, signing_key(self.home.governance_key), TextType.PERMIT)

    def _granted(self, each: dict[str, Any], project_id: str) -> dict[str, Any]:
        """The same grant by the same controller, to another project."""
        terms = Grant.model_validate(each["granted"]["terms"] | {"project_id": project_id})
        return granted(terms, self.demo.keys(each["provider_id"])).model_dump(mode="json")

    def open_project(self, project_id: str, **changes: object) -> str:
        self.client("operator").post("/projects", {"permit": self.permit(project_id, **changes)})
        return project_id

    # --- deliveries

    def send(self, provider: str, package: bytes, project_id: str = PROJECT) -> dict[str, Any]:
        """Hand over a package and return the receipt."""
        receipt: dict[str, Any] = hand_over(self.sending(provider, package, project_id))
        return receipt

    def sending(self, provider: str, package: bytes, project_id: str = PROJECT) -> Sending:
        """What a provider's tool is about to send."""
        return Sending(
            client=self.client(provider),
            project_id=project_id,
            file=io.BytesIO(package),
            length=len(package),
            pause=time.sleep,
        )

    def settled(self, provider: str, submission_id: str) -> dict[str, Any]:
        """A delivery once every part was looked at."""
        shown: dict[str, Any] = {}

        def done() -> bool:
            shown.update(self.client(provider).get(f"/submissions/{submission_id}"))
            return all(part["state"] != "waiting" for part in shown["parts"])

        wait_for("is the delivery settled?", _asked_again(done))
        return shown

    # --- questions and releases

    def question(self, **changes: object) -> str:
        asked = query_spec(specification(**changes))
        return signed_question(
            asked,
            asked_by="researcher",
            key=self.key("researcher"),
            clock=utc_now,
            random=secrets.token_bytes,
        )

    def ask(self, text: str | None = None, project_id: str = PROJECT) -> str:
        """Ask, and return the query's id."""
        body = {"question": text or self.question()}
        asked = self.client("researcher").post(f"/projects/{project_id}/queries", body)
        return str(asked["query_id"])

    def answered(self, query_id: str) -> str:
        """Wait for the gate; the state a query ended in."""
        shown: dict[str, Any] = {}

        def done() -> bool:
            shown.update(self.client("researcher").get(f"/queries/{query_id}"))
            return shown["state"] in {"controlled", "failed"}

        wait_for("is the query settled?", _asked_again(done))
        return str(shown["state"])

    def evidence(self, checker: str, release_id: str) -> Opened:
        sealed = self.client(checker).download(f"/releases/{release_id}/evidence")
        return open_evidence(sealed, self.demo.keys(checker))

    def decide(self, checker: str, release_id: str, /, **changes: object) -> dict[str, Any]:
        """An output checker's approval, or whatever the changes make of it."""
        evidence, digest = self.evidence(checker, release_id)
        fields = {
            "release_id": release_id,
            "project_id": evidence.project_id,
            "checker_id": checker,
            "verdict": Verdict.APPROVE,
            "evidence_sha256": digest,
            "reason": "Safe under the policy.",
            "decided_at": utc_now(),
        }
        text = sign(Decision.model_validate(fields | changes), self.key(checker), TextType.DECISION)
        body: dict[str, Any] = self.client(checker).post(
            f"/releases/{release_id}/decisions", {"decision": text}
        )
        return body

    def package(self, release_id: str) -> bytes:
        """The release package, once it is signed and in the log."""
        found: list[bytes] = []

        def there() -> bool:
            try:
                found.append(self.client("researcher").download(f"/releases/{release_id}/package"))
            except RemoteProblem as problem:
                if problem.slug != "not-released":
                    raise
            return bool(found)

        wait_for("is the release signed and in the log?", _asked_again(there))
        return found[0]

    # --- the log, as the audit reviewer sees it

    def mark(self) -> int:
        """The newest entry."""
        return int(self.rows("SELECT coalesce(max(sequence), 0) FROM audit_entry")[0][0])

    def entries(self, after: int = 0, **narrowed: str) -> list[dict[str, Any]]:
        pages = self.client("reviewer").pages("/log/entries", after=after, limit=500, **narrowed)
        return [entry for page in pages for entry in page]

    def entered(self, subject: str) -> list[str]:
        """What was done about a subject by workers, in order: each act once, or something was doubled."""
        return [
            entry["action"]
            for entry in self.entries()
            if entry["subject"] == subject and entry["actor"].startswith("worker-")
        ]

    # --- from outside: the harness owns the machine

    def rows(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        """Rows of the control database; nothing is changed."""
        with closing(sqlite3.connect(f"file:{self.demo.home}/control/control.db?mode=ro", uri=True)) as db:
            return db.execute(statement, values).fetchall()

    def spool(self) -> set[str]:
        """Every file of the spool."""
        root = self.demo.home / "spool"
        return {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()}

    def stray(self) -> set[str]:
        """Files of the spool and the vaults that were begun and never got their name."""
        begun = {
            name for name in self.spool() if Path(name).name.startswith(".") or name.startswith("uploads/")
        }
        vaults = [self.home.vault(role) for role in SEALED_TO]
        return begun | {path.name for vault in vaults for path in vault.rglob("*.partial")}

    def standing(self) -> dict[str, Any]:
        """What must not be lost: accepted deliveries and signed releases."""
        accepted = "SELECT id, state FROM submission WHERE state IN ('ACCEPTED', 'SUPERSEDED')"
        return {
            "deliveries": sorted(self.rows(accepted)),
            "releases": sorted(self.rows("SELECT id, statement FROM release WHERE state = 'SIGNED'")),
        }

    def pid(self, process: str) -> int | None:
        pids: dict[str, int] = json.loads((self.demo.home / "pids.json").read_text())
        return pids.get(process)

    def kill(self, process: str) -> None:
        """End a process at once, and return when its supervisor knows."""
        pid = self.pid(process)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(f"is {process} noticed to be dead?", lambda: self.pid(process) != pid)

    def job(self, job: str) -> tuple[str, int]:
        """Where a job stands, and how often it was begun."""
        found = self.rows(
            "SELECT status, recovery_attempts FROM workflow_status WHERE workflow_uuid = ?", job
        )
        return found[0] if found else ("NONE", 0)

    # --- refusals

    @contextmanager
    def refused(self, who: str, slug: str, remedy: str) -> Iterator[None]:
        """The block is refused by that name, with a remedy and an entry; nothing is lost or left."""
        before, files, mark = self.standing(), self.spool(), self.mark()
        with pytest.raises(RemoteProblem) as caught:
            yield
        body = caught.value.body
        assert caught.value.slug == slug, body
        assert body["remedy"] == CATALOGUE[slug].remedy
        assert remedy in body["remedy"]
        entries = self.entries(mark, action="request:refuse", actor=who)
        told = [(entry["outcome"], entry["detail"]) for entry in entries]
        assert told == [("refused", {"code": slug, "status": caught.value.status})]
        assert self.standing() == before
        assert self.spool() - files == set()
        assert files - self.spool() == set()

    def rejected(self, provider: str, package: bytes, part: str, code: str, remedy: str) -> dict[str, Any]:
        """A delivery that is received and rejected inside: the rejected part as its provider sees it."""
        before, files, mark = self.standing(), self.spool(), self.mark()
        receipt = self.send(provider, package)
        shown = self.settled(provider, receipt["submission_id"])
        assert shown["state"] == "rejected"
        parts: Mapping[str, dict[str, Any]] = {one["name"]: one for one in shown["parts"]}
        assert (parts[part]["state"], parts[part]["code"]) == ("rejected", code)
        assert parts[part]["remedy"] == remedy_of(code)
        assert remedy in parts[part]["remedy"]
        told = {
            (entry["detail"]["part"], entry["detail"]["code"], entry["outcome"])
            for entry in self.entries(mark, action="part:reject")
            if entry["subject"] == receipt["submission_id"]
        }
        assert (part, code, "refused") in told
        assert self.standing() == before
        assert self.spool() - files == {f"submissions/{receipt['sealed_sha256']}.tresub"}
        return parts[part]


def _asked_again(answer: Callable[[], bool]) -> Iterator[bool]:
    while True:
        yield answer()


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """An installation whose two providers have delivered and whose records are linked."""
    # Not below tmp_path: each process is a user of its own there, and pytest closes its folder to others.
    with tempfile.TemporaryDirectory(prefix="tre-linkage-test-") as folder, ExitStack() as stack:
        out = Path(folder)
        out.chmod(0o755)
        demo = Demo(out, Journal(out), PROVIDERS)
        # What can be done side by side is: the commands take longest to start.
        with ThreadPoolExecutor() as pool:
            england = pool.submit(path.make_england, demo, PEOPLE, SEED)
            path.set_up(demo)
            england.result()
        said = out / "service.log"
        stack.enter_context(service_up(demo.home, said))
        demo.facts["service"] = said.read_text()
        path.open_project(demo)
        path.share_secret(demo)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda provider: path.deliver(demo, provider), PROVIDERS))
        path.link(demo)
        yield Running(demo, said, stack)


@pytest.fixture(scope="session")
def released(running: Running) -> str:
    """A release that two people approved, fetched by the researcher: the demo's question."""
    path.ask(running.demo)
    path.check_and_fetch(running.demo)
    return str(running.demo.facts["queries"]["prevalence"]["query_id"])


@pytest.fixture(scope="session")
def second(running: Running) -> str:
    """Another project of the same people."""
    return running.open_project("second-project")


@pytest.fixture(scope="session")
def ended(running: Running) -> str:
    """A project whose permit has ended."""
    return running.open_project("ended-project", valid_to=date(2024, 12, 31).isoformat())
