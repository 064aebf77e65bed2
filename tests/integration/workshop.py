"""The workers of an installation in one process: real keys, database, spool, doors and signatures.

Jobs are taken from the queue's own table in the order they were put there and done by the
role that they belong to.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from linkage_engine.contract.manifest import Zone
from linkage_engine.contract.project_file import Recipients
from linkage_engine.contract.query_spec import PrevalenceParameters
from service.act import Act
from service.audit.entry import Entry
from service.audit.records import AuditEntry
from service.checker.evidence import Opened, open_evidence, signed_decision
from service.database import Record
from service.jobs import WORKER_OF, Duties, Job, JobQueue, WorkerRole
from service.keys import Pins, signing_key, write_private
from service.linkage_runs.actions import ask_for_run
from service.linkage_runs.records import LinkageRun
from service.linkage_secrets.actions import receive_secret
from service.logs import logger
from service.operate.installation import Home, environment
from service.projects.amendments import digest_of
from service.queries.actions import ask_query
from service.queries.records import Query
from service.releases.actions import decide
from service.releases.package import evidence_path
from service.releases.records import Release
from service.settings import settings_for
from service.signed import SigningKey, TextType, sign
from service.submissions.actions import receive_submission
from service.submissions.package import read_package
from service.submissions.records import Submission, SubmissionPart
from service.uploads.actions import Limits, begin_upload
from service.uploads.files import file_of
from service.worker.duties import open_role, settings_of
from service.worker.roles import Surroundings
from tests.factories import (
    PROJECT,
    Chance,
    Person,
    Watch,
    a_grant,
    a_permit,
    a_question,
    a_secret_statement,
    a_specification,
)
from tests.integration.cast import ENVELOPES, GRANTS, INDEX_DATE, POLICY, SERVICE_ONLY, Cast
from tests.integration.extracts import PRACTICES, REGISTRY, practice_files, registry_files
from tests.integration.sealed import KEY_CHECK, Delivered, Desk

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Connected:
    """Sessions and job queue of one process."""

    sessions: sessionmaker[Session]
    queue: JobQueue


@dataclass
class Workshop:
    """One installation, its people, and its workers as functions."""

    home: Home
    cast: Cast
    clock: Watch
    random: Chance
    sessions: sessionmaker[Session]
    queue: JobQueue
    ids: dict[str, str] = field(default_factory=dict)
    """What the story made so far: a submission for each provider, `run`, `query`."""
    log: io.StringIO = field(default_factory=io.StringIO)
    connected: Mapping[str, Connected] = field(default_factory=dict)
    """How each process reaches the database, where it has a role of its own there."""
    told: Mapping[str, str] = field(default_factory=dict)
    """What the linkage worker is told beside what an installation tells it."""

    # --- people

    @property
    def people(self) -> Mapping[str, Person]:
        return self.cast.people

    @cached_property
    def pins(self) -> Pins:
        return Pins.read(self.home.pins)

    @property
    def governance(self) -> SigningKey:
        return signing_key(self.home.governance_key)

    @property
    def spool(self) -> Path:
        return self.home.root / "spool"

    @contextmanager
    def acting(self, name: str) -> Iterator[Act]:
        """A use case of a person in one transaction."""
        role = self.people[name].role if name in self.people else None
        api = self.reached_by("api" if role else "operator")
        with api.sessions() as session:
            yield Act(
                session=session,
                actor=name,
                role=role,
                clock=self.clock,
                random=self.random,
                jobs=api.queue,
                governance_key=self.pins.governance_key,
            )
            session.commit()

    def permit_text(self, key: SigningKey | None = None, **changes: object) -> str:
        fields: dict[str, object] = {
            "valid_from": date(2025, 1, 1),
            "valid_to": date(2049, 12, 31),
            "lead_provider": REGISTRY,
            "data_sets": tuple(a_grant(provider, name) for provider, name in GRANTS),
            "policy": POLICY,
            "key_check": None,
        }
        parties = [person for person in self.people.values() if person.id not in SERVICE_ONLY]
        return sign(a_permit(parties, **fields | changes), key or self.governance, TextType.PERMIT)

    def amendment_text(self, **changes: Any) -> str:
        """The permit that may take the place of the first."""
        return self.permit_text(sequence=2, amends=digest_of(self.permit_text()), **changes)

    def secret_text(self, key: SigningKey | None = None, **changes: object) -> str:
        """What the lead provider signed about the secret that desks seal with."""
        providers = [self.people[name] for name in (REGISTRY, PRACTICES)]
        statement = a_secret_statement(providers, ENVELOPES, key_check=KEY_CHECK, **changes)
        return sign(statement, key or self.people[REGISTRY].key, TextType.LINKAGE_SECRET)

    def hold_ceremony(self) -> None:
        with self.acting(REGISTRY) as act:
            receive_secret(act, PROJECT, self.secret_text(), ENVELOPES)

    def desk(self, provider: str, recipients: Recipients | None = None) -> Desk:
        pinned = Recipients(
            linkage=str(self.pins.linkage.age_recipient), analysis=str(self.pins.analysis.age_recipient)
        )
        return Desk(self.people[provider].key, recipients or pinned, self.clock, self.random)

    def receive(self, delivered: Delivered, recipients: Recipients | None = None) -> str:
        """Receive a package as the api does; the submission's id."""
        to = recipients or self.desk(delivered.manifest.provider_id).recipients
        data = delivered.package.read_bytes()
        limits = Limits(length_bytes=len(data), quota_bytes=len(data), lives=timedelta(days=1))
        with self.acting(delivered.manifest.provider_id) as act:
            upload = begin_upload(act, PROJECT, length=len(data), described="", limits=limits)
            path = file_of(self.spool, upload.id)
            path.write_bytes(data)
            sealed_to = {Zone.LINKAGE: to.linkage, Zone.ANALYSIS: to.analysis}
            package = read_package(path)
            received, _ = receive_submission(act, upload, path, package, recipients=sealed_to)
        path.unlink()
        return received.id

    def deliver(self, provider: str) -> str:
        files = {REGISTRY: registry_files, PRACTICES: practice_files}[provider]
        folder = self.home.root / "desks" / provider
        return self.receive(self.desk(provider).deliver(folder, files))

    def ask_for_run(self) -> str:
        with self.acting("oliver") as act:
            return ask_for_run(act, PROJECT).id

    def question_text(self, key: SigningKey | None = None, **changes: object) -> str:
        asker = self.people["rosalind"]
        specification = a_specification(parameters=PrevalenceParameters(index_date=INDEX_DATE))
        question = a_question(asker, random=self.random, **{"specification": specification, **changes})
        return sign(question, key or asker.key, TextType.QUESTION)

    def ask(self) -> str:
        with self.acting("rosalind") as act:
            return ask_query(act, PROJECT, self.question_text())[0].id

    def keys(self, name: str) -> Path:
        """A person's key folder."""
        folder = self.home.root / "people" / name
        if not folder.exists():
            person = self.people[name]
            folder.mkdir(mode=0o700, parents=True)
            write_private(folder / "signing.jwk", person.key.to_jwk())
            (folder / "public.json").write_text(person.party.to_json())
            if name in self.cast.identities:
                write_private(folder / "age.key", self.cast.identities[name].secret_text() + "\n")
        return folder

    def evidence(self, checker: str, release_id: str) -> Opened:
        """What this checker can open."""
        sealed = evidence_path(self.spool, release_id, checker).read_bytes()
        return open_evidence(sealed, self.keys(checker))

    def decision_text(self, checker: str, release_id: str) -> str:
        """An approval of the evidence that this checker can open."""
        return signed_decision(
            self.evidence(checker, release_id),
            checker_id=checker,
            verdict="approve",
            reason="Nothing small is shown.",
            key=self.people[checker].key,
            clock=self.clock,
        )

    def approve(self, checker: str, release_id: str) -> None:
        with self.acting(checker) as act:
            decide(act, release_id, self.decision_text(checker, release_id))

    # --- workers

    def reached_by(self, process: str) -> Connected:
        """The database as a process reaches it."""
        return self.connected.get(process, Connected(self.sessions, self.queue))

    def surroundings(self, role: WorkerRole) -> Surroundings:
        reached = self.reached_by(role.value)
        return Surroundings(
            sessions=reached.sessions,
            jobs=reached.queue,
            clock=self.clock,
            random=self.random,
            log=logger(f"worker-{role.value}", file=self.log, strict=True),
            pins=self.pins,
            spool=self.spool,
            permits=self.home.vault(role.value) / "permits",
            role=role,
        )

    def duties(self, role: WorkerRole) -> Duties:
        told = self.told if role is WorkerRole.LINKAGE else {}
        settings = settings_for(settings_of(role), {**environment(self.home, role.value), **told})
        return open_role(role, settings, self.surroundings(role))

    def do(self, job: Job, subject_id: str) -> None:
        """Do one job, as its worker would."""
        self.duties(WORKER_OF[job]).handlers[job](subject_id)

    def fail(self, job: Job, subject_id: str) -> None:
        """What its worker does when a job has failed for good."""
        self.duties(WORKER_OF[job]).failed(job, subject_id)

    def enqueued(self) -> list[tuple[Job, str]]:
        """Every job that was ever put in line, in order."""
        with self.sessions() as session:
            written = {"sqlite": "rowid", "postgresql": "ctid"}[session.get_bind().dialect.name]
            rows = session.execute(
                sa.text(f"SELECT workflow_uuid FROM workflow_status ORDER BY created_at, {written}")
            )
            found = [str(row[0]).split(":", 1) for row in rows]
        return [(Job(job), subject_id) for job, subject_id in found]

    def drain(self, *, done: int = 0) -> list[Job]:
        """Do every job in line but the first `done`, those that come of them too."""
        made: list[Job] = []
        while len(jobs := self.enqueued()) > done + len(made):
            job, subject_id = jobs[done + len(made)]
            self.do(job, subject_id)
            made.append(job)
        return made

    # --- looking

    def submission(self, submission_id: str) -> Submission:
        return self.one(Submission, submission_id)

    def part(self, submission_id: str, name: str) -> SubmissionPart:
        return self.one(SubmissionPart, (submission_id, name))

    def run(self, run_id: str) -> LinkageRun:
        return self.one(LinkageRun, run_id)

    def query(self, query_id: str) -> Query:
        return self.one(Query, query_id)

    def release(self, release_id: str) -> Release:
        return self.one(Release, release_id)

    def one(self, table: type[R], key: object) -> R:
        with self.sessions() as session:
            found = session.get(table, key)
        assert found is not None
        return found

    def entries(self) -> list[Entry]:
        with self.sessions() as session:
            rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.sequence))
            return [row.to_entry() for row in rows]

    def everything(self) -> str:
        """All rows of all our tables: what a job that changes nothing leaves as it was."""
        with self.sessions() as session:
            tables = Record.metadata.sorted_tables
            return "\n".join(
                f"{table.name}: {row}" for table in tables for row in session.execute(sa.select(table))
            )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query finds in the SQLite file."""
        connection = sqlite3.connect(self.home.root / "control" / "control.db")
        found = connection.execute(query).fetchall()
        connection.close()
        return found

    def change(self, statement: str, **values: object) -> None:
        """Change the database behind everybody's back, as somebody who broke into it would."""
        connection = sqlite3.connect(self.home.root / "control" / "control.db")
        connection.execute(statement, values)
        connection.commit()
        connection.close()
