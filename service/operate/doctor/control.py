"""The control database: its version, the log in it, permits that run out, and work that waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from linkage_engine.contract.permit import Permit
from linkage_engine.contract.permit_parts import EndKind
from migrations import is_current
from migrations.roles import differences
from service.audit.checkpoint import LogKey, NotACheckpoint
from service.audit.records import AuditEntry, AuditOutbox, last_checkpoint, leaf_count
from service.audit.vocabulary import Action
from service.destructions.records import unfinished
from service.destructions.rules import DestructionState
from service.keys import Pins
from service.linkage_runs.records import LinkageRun
from service.linkage_runs.rules import RunState
from service.operate.doctor.findings import Finding, ill, watch, well
from service.problems.tools import SignatureRefused
from service.projects.records import Project
from service.projects.warnings import Warned, due
from service.queries.records import Query
from service.queries.rules import QueryState
from service.signed import TextType, verified
from service.withdrawals.records import Withdrawal

DATABASE, LOG, PERMITS, WORK, CLOCK = "database", "log", "permits", "work", "clock"
REMEDY_OF_ENDED: Mapping[EndKind, str] = {
    EndKind.PERMIT: "nothing new starts on it; ask governance for an amendment, or close the project",
    EndKind.GRANT: "nothing starts on the project; have the controller grant it anew, and amend the permit",
    EndKind.ACCREDITATION: "this person is refused; have it renewed, and amend the permit",
    EndKind.TRAINING: "this person is refused; have it renewed, and amend the permit",
}
HEARTBEAT_WITHIN = timedelta(hours=2)
"""The log worker enters one an hour."""
IN_THE_TREE_WITHIN = timedelta(minutes=15)
WAITS_TOO_LONG = timedelta(hours=2)
AHEAD = timedelta(minutes=2)


def examine_database(session: Session) -> Iterator[Finding]:
    """Whether the database is of this version of the code, and sound."""
    if not is_current(session.connection()):
        yield ill(
            DATABASE,
            "its tables are of another version than this code",
            "stop the service, then: tre-operate migrate HOME",
        )
        return
    if session.get_bind().dialect.name == "sqlite":
        said = session.execute(sa.text("PRAGMA quick_check(1)")).scalar()
        if said != "ok":
            yield ill(
                DATABASE,
                "SQLite finds the file damaged",
                "stop the service and restore the last backup; tell the auditors",
            )
            return
    yield well(DATABASE, "tables are of this version, and can be read")


def examine_rights(session: Session) -> Iterator[Finding]:
    """Whether each process may do in PostgreSQL just what this version gives it."""
    others = differences(session.connection())
    if others:
        yield ill(
            DATABASE,
            f"rights differ from those of this version in {len(others)} places",
            "stop the service, then: tre-operate migrate HOME; find out who changed them",
        )
    else:
        yield well(DATABASE, "each process has a role of its own with the rights of this version")


def examine_log(session: Session, pins: Pins, now: datetime) -> Iterator[Finding]:
    """Whether entries come into the tree, and the last checkpoint is the log's own."""
    checkpoint = last_checkpoint(session)
    if checkpoint is not None:
        try:
            signed = LogKey.from_text(pins.log_vkey).open(checkpoint.note)
        except NotACheckpoint:
            yield ill(
                LOG,
                "the last checkpoint is not signed by the pinned key",
                "stop the service and tell the auditors",
            )
            return
        if signed.size > leaf_count(session):
            yield ill(
                LOG,
                "the tree is smaller than the log has signed",
                "stop the service and tell the auditors: entries were taken away",
            )
            return
    yield from _entries(session, now)


def _entries(session: Session, now: datetime) -> Iterator[Finding]:
    newest = session.scalar(sa.select(sa.func.max(AuditEntry.at)))
    if newest is not None and newest - now > AHEAD:
        yield ill(
            CLOCK,
            "the log has entries from later than it is now",
            "set the clock right, and find out since when it was wrong",
        )
    beat = session.scalar(
        sa.select(sa.func.max(AuditEntry.at)).where(AuditEntry.action == Action.LOG_HEARTBEAT)
    )
    waiting = sa.select(sa.func.count(), sa.func.min(AuditEntry.at)).join(
        AuditOutbox, AuditOutbox.entry_id == AuditEntry.entry_id
    )
    count, oldest = session.execute(waiting).one()
    restart = "look at logs/log.log: nothing is released while entries wait"
    if count and now - oldest > IN_THE_TREE_WITHIN:
        yield ill(
            LOG, f"{count} entries wait for the tree, the oldest since {oldest:%Y-%m-%d %H:%M}", restart
        )
    elif beat is None or now - beat > HEARTBEAT_WITHIN:
        yield watch(LOG, "no heartbeat for two hours", restart)
    else:
        yield well(LOG, f"{leaf_count(session)} entries in the tree, {count} on their way")


def examine_permits(session: Session, pins: Pins, today: date) -> Iterator[Finding]:
    """Whether each project's permit is governance's, and how long it is in force."""
    projects = session.scalars(sa.select(Project).order_by(Project.id)).all()
    for project in projects:
        try:
            permit = verified(project.permit, (pins.governance_key,), TextType.PERMIT, Permit)
        except SignatureRefused:
            permit = None
        if permit is None or permit.project_id != project.id:
            yield ill(
                PERMITS,
                f"{project.id}: its permit was not signed by governance",
                "nothing runs on it; find out who changed the database",
            )
        else:
            yield from _permit(permit, today)
    if not projects:
        yield well(PERMITS, "no project has been opened")


def _permit(permit: Permit, today: date) -> Iterator[Finding]:
    """Each thing of a permit that has ended or is about to, or that all is in force."""
    if permit.closed_on is not None:
        yield well(PERMITS, f"{permit.project_id}: closed on {permit.closed_on}")
        return
    found = list(due(permit, today))
    yield from (_ending(permit.project_id, one) for one in found)
    if not found:
        yield well(PERMITS, f"{permit.project_id}: in force until {permit.valid_to}")


def _ending(project_id: str, one: Warned) -> Finding:
    ending = one.ending
    whose = "" if ending.kind is EndKind.PERMIT else f"{ending.kind.value} of {ending.subject} "
    if one.days_left < 0:
        return watch(
            PERMITS, f"{project_id}: {whose}ended on {ending.valid_to}", REMEDY_OF_ENDED[ending.kind]
        )
    return watch(
        PERMITS,
        f"{project_id}: {whose}in force until {ending.valid_to}, {one.days_left} days from now",
        "ask governance now for an amendment: two people have to act",
    )


def examine_work(session: Session, now: datetime) -> Iterator[Finding]:
    """Work that was asked for and does not get on, and what a worker refused for no reason it foresaw."""
    before = now - WAITS_TOO_LONG
    waiting = {
        "linkage runs": _count(
            session, LinkageRun.state.in_([RunState.ASKED, RunState.LINKED]), LinkageRun.asked_at < before
        ),
        "questions": _count(
            session, Query.state.in_([QueryState.ASKED, QueryState.ANSWERED]), Query.asked_at < before
        ),
        "withdrawals": _count(
            session,
            Withdrawal.code.is_(None),
            sa.not_(sa.and_(Withdrawal.linkage_kept, Withdrawal.analysis_kept)),
            Withdrawal.received_at < before,
        ),
    }
    destructions = unfinished(session, before)
    waiting["destructions"] = destructions[DestructionState.RECEIVED]
    stuck = ", ".join(f"{count} {name}" for name, count in waiting.items() if count)
    if stuck:
        yield ill(
            WORK,
            f"asked for more than two hours ago and not done: {stuck}",
            "see which worker is not running, above, and what its log says",
        )
    failed = unfinished(session, now)[DestructionState.FAILED]
    if failed:
        yield ill(
            WORK,
            f"{failed} withdrawn deliveries or closed projects could not be destroyed",
            "mend what its code names; then the provider withdraws, or you open the closing permit, again",
        )
    refused = _count(session, Withdrawal.code.is_not(None))
    if refused:
        yield ill(
            WORK,
            f"{refused} withdrawals were refused by a worker",
            "ask the provider to send them again: those persons are still in",
        )
    if not stuck and not refused and not failed:
        yield well(WORK, "nothing waits that should have been done")


def _count(session: Session, *where: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).where(*where)) or 0
