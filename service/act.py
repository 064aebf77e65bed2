"""What every use case is given: a transaction, who acts, the time, chance and the job queue."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from linkage_engine.contract.permit import PublicKey, Role
from service.audit import log
from service.audit.records import EntryRow, add_entry
from service.audit.vocabulary import Action, Outcome
from service.clock import Clock, Randomness, new_id
from service.jobs import Job, JobQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One use case in one transaction; whoever made it commits, the use case never does."""

    session: Session
    actor: str
    """A principal's id, or `worker-linkage` and the like."""
    role: Role | None = None
    """The principal's role; a worker has none."""
    clock: Clock
    random: Randomness
    jobs: JobQueue
    governance_key: PublicKey

    def new_id(self) -> str:
        """An identifier for something new."""
        return new_id(self.clock, self.random)

    def enqueue(self, job: Job, subject_id: str) -> None:
        """Put a job in line; it exists exactly when the transaction commits."""
        self.jobs.enqueue(self.session, job, subject_id)

    def enter(
        self,
        action: Action,
        subject: str,
        *,
        project: str | None = None,
        outcome: Outcome = Outcome.DONE,
        **detail: int | str,
    ) -> str:
        """Enter the act in the audit log; the entry's id."""
        row = log.entry_row(
            action,
            actor=self.actor,
            subject=subject,
            project=project,
            outcome=outcome,
            clock=self.clock,
            random=self.random,
            **detail,
        )
        self._keep(row)
        return str(row["entry_id"])

    def _keep(self, row: EntryRow) -> None:
        add_entry(self.session, row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed(Act):
    """A use case that changes nothing: its session only reads, and whoever made it commits its entries."""

    entered: list[EntryRow] = field(default_factory=list)

    def _keep(self, row: EntryRow) -> None:
        self.entered.append(row)
