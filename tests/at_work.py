"""A whole api on a real database with real job tables, people with keys, and a log to bring up to date."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy.orm import Session, sessionmaker

import migrations
from linkage_engine.contract.permit import Role
from linkage_engine.contract.refusals import RefusalCode
from service.access.actions import register_principal
from service.access.admission import issuer_of
from service.act import Act
from service.api import create_app
from service.audit.checkpoint import LogSigner
from service.audit.entry import Entry
from service.audit.log import integrate
from service.audit.records import AuditEntry
from service.client import ASSERTION_TYPE, client_assertion
from service.database import engine_for, sessions
from service.keys import PeopleKey, Pins, WorkerKeys, write_private
from service.linkage_runs.actions import crosswalk_received, finish_run
from service.queries.actions import answered
from service.releases.actions import open_release
from service.releases.records import Release
from service.settings import ApiSettings
from service.signed import SigningKey, TextType, sign
from service.submissions.actions import part_rejected, part_unsealed
from service.web.surroundings import Surroundings
from tests.databases import Databases
from tests.factories import (
    ANALYSIS_RECIPIENT,
    LINKAGE_RECIPIENT,
    OUTSIDERS,
    PROJECT,
    Chance,
    Person,
    Watch,
    a_decision,
    a_package,
    a_permit,
    a_published_record,
    a_question,
    a_secret_statement,
    an_amendment,
    some_figures,
    the_people,
)

EVIDENCE = "e" * 64
TABLE = "d" * 64


@dataclass(frozen=True)
class Prepared:
    """What all tests share: people, keys, and databases to copy, by stage of the story."""

    people: Mapping[str, Person]
    keys: Mapping[str, SigningKey]
    log: LogSigner
    urls: dict[str, str] = field(default_factory=dict)


def prepared(folder: Path, databases: Databases) -> Prepared:
    """Migrate a database once, register everybody, open a project."""
    made = Prepared(
        people=the_people(),
        keys={name: SigningKey.generate() for name in ("governance", "release", "token")},
        log=LogSigner("tre-linkage/log", Ed25519PrivateKey.generate()),
    )
    made.urls["empty"] = databases.fresh()
    migrations.upgrade(made.urls["empty"])
    before = "empty"
    for stage, step in STAGES.items():
        made.urls[stage] = databases.copy(made.urls[before])
        (folder / stage).mkdir()
        with at_work(folder / stage, made, made.urls[stage]) as service:
            step(service)
        before = stage
    return made


def _register(service: AtWork) -> None:
    with service.worker("operator") as act:
        for person in service.people.values():
            register_principal(act, person.party)


@dataclass
class AtWork:
    """One service under test."""

    app: FastAPI
    client: TestClient
    clock: Watch
    random: Chance
    people: Mapping[str, Person]
    governance: SigningKey
    release_key: SigningKey
    log: LogSigner
    here: Surroundings
    inside: sessionmaker[Session]
    """What others than the api do: as the owner of the database where the api has a role of its own."""
    tokens: dict[str, str] = field(default_factory=dict)

    # --- requests

    def token(self, name: str) -> str:
        if name not in self.tokens:
            # As POST /token issues it, without the request: tests of signing in make that.
            role = self.people[name].role
            self.tokens[name] = issuer_of(self.here).issue(name, role, clock=self.clock, random=self.random)
        return self.tokens[name]

    def assertion(self, name: str) -> str:
        return client_assertion(name, self.people[name].key, clock=self.clock, random=self.random)

    def sign_in(self, assertion: str) -> Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return self.client.post("/token", data=form)

    def get(self, name: str, path: str) -> Response:
        return self.client.get(path, headers=self.bearer(name))

    def post(self, name: str, path: str, body: Mapping[str, Any] | None = None) -> Response:
        return self.client.post(path, json=body, headers=self.bearer(name))

    def begin(self, name: str, length: int | str, project_id: str = PROJECT, **headers: str) -> Response:
        told = {**self.tus(name), "upload-length": str(length), **headers}
        return self.client.post(f"/projects/{project_id}/uploads", headers=told)

    def append(self, name: str, place: str, offset: int, data: bytes, **headers: str) -> Response:
        told = {
            **self.tus(name),
            "content-type": "application/offset+octet-stream",
            "upload-offset": str(offset),
            **headers,
        }
        return self.client.patch(place, content=data, headers=told)

    def uploaded(self, name: str, data: bytes, project_id: str = PROJECT) -> str:
        """The id of an upload that came in whole."""
        last = self.upload(name, data, project_id)
        assert last.status_code == 204, last.text
        return str(last.request.url).rpartition("/")[2]

    def upload(self, name: str, data: bytes, project_id: str = PROJECT) -> Response:
        """The last answer to an upload in one piece: of its beginning, where that was refused."""
        begun = self.begin(name, len(data), project_id)
        return self.append(name, begun.headers["location"], 0, data) if begun.is_success else begun

    def send(self, name: str, package: bytes, project_id: str = PROJECT) -> Response:
        last = self.upload(name, package, project_id)
        return (
            self.finish(name, str(last.request.url).rpartition("/")[2], project_id)
            if last.is_success
            else last
        )

    def finish(self, name: str, upload_id: str, project_id: str = PROJECT) -> Response:
        return self.post(name, f"/projects/{project_id}/submissions", {"upload_id": upload_id})

    def tus(self, name: str) -> dict[str, str]:
        return {**self.bearer(name), "tus-resumable": "1.0.0"}

    def bearer(self, name: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(name)}"}

    # --- the story, each step leading to the next

    def insiders(self) -> list[Person]:
        return [person for name, person in self.people.items() if name not in OUTSIDERS]

    def permit_text(self, **changes: object) -> str:
        return sign(a_permit(self.insiders(), **changes), self.governance, TextType.PERMIT)

    def amendment(self, **changes: Any) -> str:
        """The permit that may take the place of the one that a project is opened with."""
        made = an_amendment(self.permit_text(), self.insiders(), **changes)
        return sign(made, self.governance, TextType.PERMIT)

    def amend(self, text: str, name: str = "oliver", project_id: str = PROJECT) -> Response:
        return self.post(name, f"/projects/{project_id}/amendments", {"permit": text})

    def open_project(self, **changes: object) -> None:
        answer = self.post("oliver", "/projects", {"permit": self.permit_text(**changes)})
        assert answer.status_code == 201, answer.text

    def ceremony(self, *, signer: str = "northern-trust", **changes: object) -> dict[str, Any]:
        """A lead provider's statement and envelopes, as tre-provider posts them."""
        providers = [person for person in self.insiders() if person.role is Role.PROVIDER]
        envelopes = {provider.id: self.random(300) for provider in providers}
        statement = a_secret_statement(providers, envelopes, **changes)
        return {
            "statement": sign(statement, self.people[signer].key, TextType.LINKAGE_SECRET),
            "envelopes": {name: base64.b64encode(sealed).decode() for name, sealed in envelopes.items()},
        }

    def make_secret(self, project_id: str = PROJECT, **changes: Any) -> dict[str, Any]:
        body = self.ceremony(project_id=project_id, **changes)
        answer = self.post("northern-trust", f"/projects/{project_id}/linkage-secret", body)
        assert answer.status_code == 201, answer.text
        return body

    def package(self, name: str, **changes: Any) -> bytes:
        data_set = {"northern-trust": "cancer_registration", "southern-trust": "gp_registration"}[name]
        contents = {"identifiers": self.random(900), data_set: self.random(700)}
        made = {"contents": contents, "provider_id": name, **changes}
        return a_package(self.people[name].key, random=self.random, **made)

    def receive(self, name: str, **changes: Any) -> str:
        answer = self.send(name, self.package(name, **changes))
        assert answer.status_code == 201, answer.text
        submission_id: str = answer.json()["submission_id"]
        return submission_id

    def accept(self, name: str, **changes: Any) -> str:
        submission_id = self.receive(name, **changes)
        for part in self.get(name, f"/submissions/{submission_id}").json()["parts"]:
            with self.worker("worker-linkage") as act:
                part_unsealed(act, submission_id, part["name"], rows=part["rows"])
        return submission_id

    def reject(self, submission_id: str, part: str) -> None:
        with self.worker("worker-linkage") as act:
            part_rejected(act, submission_id, part, code=RefusalCode.ROWS_INVALID, counts={"rows": 3})

    def finished_run(self) -> str:
        self.accept("northern-trust")
        self.accept("southern-trust")
        run_id: str = self.post("oliver", f"/projects/{PROJECT}/linkage-runs").json()["run_id"]
        with self.worker("worker-linkage") as act:
            finish_run(act, run_id, figures=some_figures(), hand_over_sha256="c" * 64)
        with self.worker("worker-analysis") as act:
            crosswalk_received(act, run_id, records=170)
        return run_id

    def question(self, name: str = "rosalind", **changes: object) -> str:
        asker = self.people[name]
        return sign(a_question(asker, random=self.random, **changes), asker.key, TextType.QUESTION)

    def asked(self) -> str:
        answer = self.post("rosalind", f"/projects/{PROJECT}/queries", {"question": self.question()})
        assert answer.status_code == 202, answer.text
        query_id: str = answer.json()["query_id"]
        return query_id

    def awaiting(self) -> str:
        query_id = self.asked()
        with self.worker("worker-analysis") as act:
            answered(act, query_id, hand_over_sha256="f" * 64)
        with self.worker("worker-gate") as act:
            open_release(
                act, query_id, evidence_sha256=EVIDENCE, table_sha256=TABLE, record=a_published_record()
            )
        return query_id

    def decision(self, name: str, release_id: str, **changes: object) -> str:
        made = a_decision(name, release_id, EVIDENCE, **changes)
        return sign(made, self.people[name].key, TextType.DECISION)

    def decide(self, name: str, release_id: str, **changes: object) -> Response:
        body = {"decision": self.decision(name, release_id, **changes)}
        return self.post(name, f"/releases/{release_id}/decisions", body)

    def release_id(self) -> str:
        """The newest release."""
        with self.looking() as session:
            found = session.scalars(sa.select(Release.id).order_by(Release.id.desc())).first()
        assert found is not None
        return found

    # --- inside

    @contextmanager
    def worker(self, actor: str) -> Iterator[Act]:
        with self.inside.begin() as session:
            yield self.here.act(session, actor)

    @contextmanager
    def looking(self) -> Iterator[Session]:
        with Session(self.inside.kw["bind"].execution_options(reads_only=True)) as session:
            yield session

    def entries(self) -> list[Entry]:
        with self.looking() as session:
            rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.sequence))
            return [row.to_entry() for row in rows]

    def jobs(self) -> list[str]:
        with self.looking() as session:
            found = session.execute(sa.text("SELECT workflow_uuid FROM workflow_status ORDER BY created_at"))
            return [row[0] for row in found]

    def bring_log_up_to_date(self) -> None:
        with self.inside.begin() as session:
            integrate(session, signer=self.log, clock=self.clock, limit=10_000)


STAGES: Mapping[str, Callable[[AtWork], object]] = {
    "registered": _register,
    "project": AtWork.open_project,
    "secret": AtWork.make_secret,
    "linked": AtWork.finished_run,
    "awaiting": AtWork.awaiting,
}
"""Each stage begins where the one before ended; tests start from a copy of the one they need."""


@contextmanager
def at_work(
    folder: Path, made: Prepared, database_url: str, *, owner_url: str | None = None, **changes: Any
) -> Iterator[AtWork]:
    """A service on a database, perhaps with other settings; the api may have a role of its own there."""
    clock, random = Watch(), Chance(folder.name.encode())
    app = create_app(
        _settings(folder, made, database_url).model_copy(update=changes),
        clock=clock,
        random=random,
        strict_logs=True,
    )
    here: Surroundings = app.state.surroundings
    inside = here.sessions if owner_url is None else sessions(engine_for(owner_url))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield AtWork(
            app=app,
            client=client,
            clock=clock,
            random=random,
            people=made.people,
            governance=made.keys["governance"],
            release_key=made.keys["release"],
            log=made.log,
            here=here,
            inside=inside,
        )
    here.jobs.close()
    inside.kw["bind"].dispose()
    here.sessions.kw["bind"].dispose()
    here.view_sessions.kw["bind"].dispose()
    here.read_sessions.kw["bind"].dispose()


def _settings(folder: Path, made: Prepared, database_url: str) -> ApiSettings:
    for name in ("uploads", "submissions", "evidence", "releases"):
        (folder / "spool" / name).mkdir(parents=True)
    (folder / "status").mkdir()
    pins = Pins(
        governance_key=made.keys["governance"].public,
        linkage=WorkerKeys(age_recipient=LINKAGE_RECIPIENT),
        analysis=WorkerKeys(age_recipient=ANALYSIS_RECIPIENT),
        gate=WorkerKeys(),
        release_key=made.keys["release"].public,
        log_vkey=made.log.key.to_text(),
    )
    (folder / "pins.json").write_text(json.dumps(pins.model_dump(mode="json")))
    write_private(folder / "token.jwk", made.keys["token"].to_jwk())
    PeopleKey.write(folder / "people.key", hashlib.sha256(folder.name.encode()).digest())
    return ApiSettings(
        database_url=database_url,
        spool=folder / "spool",
        status_folder=folder / "status",
        pins=folder / "pins.json",
        token_key=folder / "token.jwk",
        people_key=folder / "people.key",
        bearer_tokens=True,
        submission_limit_bytes=1 << 20,
        upload_quota_bytes=2 << 20,
        upload_idle_seconds=0.5,
    )
