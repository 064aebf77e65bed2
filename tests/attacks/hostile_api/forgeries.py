"""What the api's user writes into the database to have workers act: rows, and jobs in line for them.

Each forgery gives the table and the id of the row that would tell of its success.
"""

from __future__ import annotations

import base64
import itertools
import json
import pickle  # noqa: TID251  # what a hostile process would send
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from linkage_engine.contract.manifest import Manifest
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.statements import Decision, SignedQuestion, Withdrawal
from service.clock import new_id, utc_now
from service.database import Record
from service.jobs import Job, JobQueue
from service.linkage_runs.records import LinkageRun
from service.linkage_runs.rules import RunState
from service.projects.records import Project
from service.queries.records import Query
from service.queries.rules import QueryKind, QueryState
from service.releases.records import Release, ReleaseDecision
from service.releases.rules import ReleaseState
from service.signed import SigningKey, TextType, sign
from service.submissions.records import Submission, SubmissionPart
from service.submissions.rules import PartState, SubmissionState
from service.withdrawals.records import Withdrawal as WithdrawalRow
from tests.authenticator import Authenticator

R = TypeVar("R", bound=Record)
Told = tuple[str, str]
JOBS = sa.table("workflow_status", *map(sa.column, ("workflow_uuid", "serialization", "inputs")))
PATH = "../../../vault/gate/attempt"
COUNTERS = itertools.count(100)
"""Above those of the tool and below those of the hostile provider: no forged row outdates a later one."""


class RunsWhenRead:
    """Makes a file in whoever unpickles it."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self._target,)


def payload(compact: str) -> bytes:
    """What a compact JWS says, whoever signed it."""
    return base64.urlsafe_b64decode(compact.split(".")[1] + "==")


@dataclass
class Forger:
    """The api's account of the database, a key of its own, and what lies there to be copied."""

    session: Session
    jobs: JobQueue
    project: str
    other_project: str
    question: str
    """Of a query that was answered and released."""
    awaiting: tuple[str, ...]
    """Releases that no checker has looked at."""
    key: SigningKey

    def copy(self, form: type[R], which: sa.ColumnElement[bool], **changes: Any) -> R:
        row = self.session.scalars(sa.select(form).where(which)).first()
        assert row is not None
        held = {column.key: getattr(row, column.key) for column in sa.inspect(form).column_attrs}
        made = form(**{**held, **changes})
        self.session.add(made)
        self.session.flush()
        return made

    def id(self) -> str:
        return new_id(utc_now, secrets.token_bytes)

    def line_up(self, job: Job, subject: str, table: str) -> Told:
        self.jobs.enqueue(self.session, job, subject)
        return table, subject

    # --- rows

    def query(self, **changes: Any) -> str:
        fields = {
            "id": self.id(),
            "nonce": secrets.token_hex(16),
            "state": QueryState.ASKED,
            "settled_at": None,
        }
        made = self.copy(Query, Query.id == self.question, **{**fields, "figures": None, **changes})
        return str(made.id)

    def run(self, **changes: Any) -> str:
        fields = {"id": self.id(), "state": RunState.ASKED, "figures": None, "settled_at": None, "code": None}
        found = LinkageRun.project_id == self.project
        return str(self.copy(LinkageRun, found, **{**fields, "hand_over_sha256": None, **changes}).id)

    def forged_project(self, name: str, permit: str) -> str:
        self.copy(Project, Project.id == self.project, id=name, permit=permit)
        return name

    def permit(self) -> str:
        return str(self.session.get_one(Project, self.project).permit)

    def submission(self, **changes: Any) -> str:
        fields: dict[str, Any] = {
            "id": self.id(),
            "delivery_id": secrets.token_hex(16),
            "sealed_sha256": secrets.token_hex(32),
        }
        fields |= {"counter": next(COUNTERS), "state": SubmissionState.RECEIVED}
        found = Submission.project_id == self.project
        made = self.copy(Submission, found, **{**fields, **changes})
        old = self.session.scalars(sa.select(Submission.id).where(found)).first()
        parts = self.session.scalars(
            sa.select(SubmissionPart.name).where(SubmissionPart.submission_id == old)
        ).all()
        for name in parts:
            same = (SubmissionPart.submission_id == old) & (SubmissionPart.name == name)
            blank = {"state": PartState.WAITING, "settled_at": None, "code": None, "report": None}
            self.copy(SubmissionPart, same, submission_id=made.id, **blank)
        return str(made.id)

    def own(self, compact: str, typ: TextType, form: type[Any]) -> str:
        """The same text under its own signature."""
        return sign(form.model_validate_json(payload(compact)), self.key, typ)

    # --- forgeries

    def own_question(self) -> Told:
        text = self.session.get_one(Query, self.question).question
        forged = self.own(text, TextType.QUESTION, SignedQuestion)
        return self.line_up(Job.ANSWER, self.query(question=forged), "query")

    def question_of_another_project(self) -> Told:
        return self.line_up(Job.ANSWER, self.query(project_id=self.other_project), "query")

    def question_as_a_preflight(self) -> Told:
        made = self.query(kind=QueryKind.PREFLIGHT)
        return self.line_up(Job.COUNT_POPULATIONS, made, "query")

    def answer_that_nobody_gave(self) -> Told:
        return self.line_up(Job.CONTROL, self.query(state=QueryState.ANSWERED), "query")

    def own_permit(self) -> Told:
        forged = self.own(self.permit(), TextType.PERMIT, Permit)
        name = self.forged_project("forged-permit", forged)
        return self.line_up(Job.LINK, self.run(project_id=name), "linkage_run")

    def permit_of_another_project(self) -> Told:
        name = self.forged_project("borrowed-permit", self.permit())
        return self.line_up(Job.ANSWER, self.query(project_id=name), "query")

    def permit_with_another_end(self) -> Told:
        head, body, seal = self.permit().split(".")
        longer = json.loads(payload(self.permit())) | {"valid_to": "2099-12-31"}
        body = base64.urlsafe_b64encode(json.dumps(longer).encode()).decode().rstrip("=")
        name = self.forged_project("edited-permit", f"{head}.{body}.{seal}")
        return self.line_up(Job.LINK, self.run(project_id=name), "linkage_run")

    def own_delivery(self) -> Told:
        text = self.session.scalars(sa.select(Submission.manifest)).first()
        forged = self.own(str(text), TextType.MANIFEST, Manifest)
        return self.line_up(Job.UNSEAL_IDENTIFIERS, self.submission(manifest=forged), "submission")

    def delivery_in_another_project(self) -> Told:
        made = self.submission(project_id=self.other_project)
        return self.line_up(Job.UNSEAL_PAYLOAD, made, "submission")

    def delivery_without_its_bytes(self) -> Told:
        return self.line_up(Job.UNSEAL_IDENTIFIERS, self.submission(), "submission")

    def crosswalk_that_nobody_made(self) -> Told:
        return self.line_up(Job.RECEIVE_CROSSWALK, self.run(state=RunState.LINKED), "linkage_run")

    def own_withdrawal(self) -> Told:
        provider = self.session.scalars(sa.select(Submission.provider_id)).first()
        statement = Withdrawal(
            project_id=self.project,
            provider_id=str(provider),
            persons=1,
            sealed_sha256="0" * 64,
            withdrawn_at=utc_now(),
        )
        row = WithdrawalRow(
            id=self.id(),
            project_id=self.project,
            provider_id=str(provider),
            statement=sign(statement, self.key, TextType.WITHDRAWAL),
            statement_sha256=secrets.token_hex(32),
            sealed=b"sealed",
            persons=1,
            received_at=utc_now(),
            entry_id=self.id(),
        )
        self.session.add(row)
        self.session.flush()
        return self.line_up(Job.WITHDRAW_FROM_ANALYSIS, row.id, "withdrawal")

    def own_approvals(self) -> Told:
        return self._approved(self.awaiting[0], lambda text: self.own(text, TextType.DECISION, Decision))

    def approvals_of_another_release(self) -> Told:
        return self._approved(self.awaiting[1], lambda text: text)

    def approvals_by_a_passkey_of_its_own(self) -> Told:
        def asserted(text: str) -> str:
            said = Decision.model_validate_json(payload(text)).model_copy(
                update={"release_id": self.awaiting[2]}
            )
            return Authenticator("http://127.0.0.1", "127.0.0.1", b"its own").decides(said)

        return self._approved(self.awaiting[2], asserted)

    def _approved(self, release_id: str, made_of: Callable[[str], str]) -> Told:
        release = self.session.get_one(Release, release_id)
        found = ReleaseDecision.release_id == self.question
        for decision in self.session.scalars(sa.select(ReleaseDecision).where(found)).all():
            same = found & (ReleaseDecision.checker_id == decision.checker_id)
            self.copy(ReleaseDecision, same, release_id=release_id, decision=made_of(decision.decision))
        # Last: the database counts the approvals that are there.
        release.state = ReleaseState.APPROVED
        self.session.flush()
        return self.line_up(Job.SIGN_RELEASE, release_id, "release")

    def question_whose_id_is_a_path(self) -> Told:
        self.line_up(Job.ANSWER, self.query(id=PATH), "query")
        return "workflow_status", f"{Job.ANSWER.value}:{PATH}"

    def control_of_a_path(self) -> Told:
        made = self.query(id=f"{PATH}-2", state=QueryState.ANSWERED)
        self.line_up(Job.CONTROL, made, "query")
        return "workflow_status", f"{Job.CONTROL.value}:{made}"

    def delivery_whose_digest_is_a_path(self) -> Told:
        made = self.submission(sealed_sha256="../../vault/linkage")
        return self.line_up(Job.UNSEAL_IDENTIFIERS, made, "submission")

    def job_that_runs_when_it_is_read(self) -> Told:
        run = self.run()
        self.line_up(Job.LINK, run, "linkage_run")
        pickled = pickle.dumps({"args": (RunsWhenRead(Path("/tmp") / f"attempt-{run}"),), "kwargs": {}})
        self.session.execute(
            sa.update(JOBS)
            .where(JOBS.c.workflow_uuid == f"link:{run}")
            .values(serialization="py_pickle", inputs=base64.b64encode(pickled).decode())
        )
        return "workflow_status", f"link:{run}"


FORGERIES: Mapping[str, Callable[[Forger], Told]] = {
    "forge a question": Forger.own_question,
    "replay another project's question": Forger.question_of_another_project,
    "pass a question off as a pre-flight": Forger.question_as_a_preflight,
    "have an answer controlled that nobody gave": Forger.answer_that_nobody_gave,
    "forge a permit": Forger.own_permit,
    "use another project's permit": Forger.permit_of_another_project,
    "edit a permit": Forger.permit_with_another_end,
    "forge a delivery": Forger.own_delivery,
    "replay a delivery in another project": Forger.delivery_in_another_project,
    "have a delivery opened without its bytes": Forger.delivery_without_its_bytes,
    "have a crosswalk received that nobody made": Forger.crosswalk_that_nobody_made,
    "forge a withdrawal": Forger.own_withdrawal,
    "forge approvals": Forger.own_approvals,
    "replay another release's approvals": Forger.approvals_of_another_release,
    "forge approvals by a passkey": Forger.approvals_by_a_passkey_of_its_own,
    "name a question by a path": Forger.question_whose_id_is_a_path,
    "name an answer by a path": Forger.control_of_a_path,
    "name a delivery's file by a path": Forger.delivery_whose_digest_is_a_path,
    "put a job in line that runs when it is read": Forger.job_that_runs_when_it_is_read,
}
