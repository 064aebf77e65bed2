"""What each process may do in the control database, table by table: the one place that says so.

PostgreSQL holds the processes to it, each by a role of its own; what is not named here is refused. `ALL`
stands for every column. The second half of a right is which rows: as SQL over the row itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.jobs import QUEUE, VERSION, WORKER_OF, Job, WorkerRole

ALL = ("*",)
NONE: tuple[str, ...] = ()
ANY_ROW = "true"
JOB_QUEUE = "dbos"
"""The schema of the job queue's own tables."""


class Process(StrEnum):
    """Who has a role of its own; migrating and setting up are the owner's."""

    API = "api"
    LINKAGE = "linkage"
    ANALYSIS = "analysis"
    GATE = "gate"
    LOG = "log"


@dataclass(frozen=True, kw_only=True)
class Rights:
    """The columns of one table that a process may read, fill and change, and on which rows."""

    select: tuple[str, ...] = NONE
    insert: tuple[str, ...] = NONE
    update: tuple[str, ...] = NONE
    delete: bool = False
    sees: str = ANY_ROW
    adds: str = ANY_ROW
    touches: str = ANY_ROW
    """The rows as they are before a change."""
    makes: str = ANY_ROW
    """The rows as they are after it."""


READS = Rights(select=ALL)
ADDS = Rights(select=ALL, insert=ALL)
QUEUES = Rights(insert=ALL)
"""An entry on its way into the tree: put there, and never seen again."""


def _entries(actor: str) -> Rights:
    """Entries of its own acts; the number that the database gives one comes back to who entered it."""
    return Rights(select=("sequence",), insert=ALL, sees=f"actor = '{actor}'", adds=f"actor = '{actor}'")


def _parts(zone: str, *more: str) -> Rights:
    """What a worker found about a part of its own zone, once."""
    return Rights(
        select=ALL,
        update=("rows", "state", "code", "counts", "settled_at", *more),
        touches=f"zone = '{zone}' AND state = 'waiting'",
        makes="state IN ('unsealed', 'rejected')",
    )


def _ends(*columns: str, states: str) -> Rights:
    """Bring a row to one of the states that this process brings about."""
    return Rights(select=ALL, update=(*columns, "state", "settled_at"), makes=f"state IN ({states})")


def _shares(role: str) -> Rights:
    """What a worker reports of a destruction, once."""
    return Rights(select=ALL, insert=ALL, adds=f"role = '{role}'")


_SUBMISSION = Rights(
    select=ALL, update=("state", "replaces_id"), makes="state IN ('accepted', 'rejected', 'superseded')"
)

_API: Mapping[str, Rights] = {
    "principal": READS,
    "client_key": READS,
    "used_assertion": Rights(select=ALL, insert=ALL, delete=True),
    "enrolment": Rights(select=ALL, update=("used",), makes="used"),
    "sign_in_method": Rights(
        select=ALL, insert=ALL, update=("way", "identifier", "public_key", "counter", "enrolled_at")
    ),
    "wrong_codes": Rights(select=ALL, insert=ALL, update=("count",)),
    "browser_session": Rights(select=ALL, insert=ALL, update=("seen_at",), delete=True),
    "project": Rights(
        select=ALL, insert=ALL, update=("title", "permit", "permit_sha256", "valid_from", "valid_to")
    ),
    "project_party": Rights(select=ALL, insert=ALL, delete=True),
    "permit_version": Rights(insert=ALL),
    "permit_warning": ADDS,
    "release_veto": ADDS,
    "policy_tightening": ADDS,
    "linkage_secret": ADDS,
    "linkage_secret_envelope": ADDS,
    "upload": Rights(
        select=ALL, insert=ALL, update=("offset_bytes", "expires_at", "submission_id"), delete=True
    ),
    "submission": Rights(
        select=ALL,
        insert=ALL,
        update=("withdrawn_at",),
        adds="state = 'received' AND withdrawn_at IS NULL",
        touches="withdrawn_at IS NULL",
        makes="withdrawn_at IS NOT NULL",
    ),
    "destruction": ADDS,
    "destruction_share": READS,
    "project_destruction": ADDS,
    "project_destruction_share": READS,
    "submission_part": Rights(select=ALL, insert=ALL, adds="state = 'waiting'"),
    "withdrawal": Rights(
        select=ALL, insert=ALL, adds="NOT linkage_kept AND NOT analysis_kept AND code IS NULL"
    ),
    "linkage_run": Rights(select=ALL, insert=ALL, adds="state = 'asked' AND figures IS NULL"),
    "linkage_run_submission": ADDS,
    "query": Rights(select=ALL, insert=ALL, adds="state = 'asked' AND figures IS NULL"),
    "release": Rights(
        select=ALL,
        update=("state", "settled_at"),
        touches="state = 'awaiting'",
        makes="state IN ('approved', 'refused')",
    ),
    "release_decision": ADDS,
    "audit_entry": Rights(
        select=ALL, insert=ALL, adds="actor NOT LIKE 'worker-%' AND actor NOT IN ('operator', 'nobody')"
    ),
    "audit_outbox": QUEUES,
    "audit_leaf": READS,
    "audit_node": READS,
    "audit_checkpoint": READS,
    "refusal_tally": Rights(select=ALL, insert=ALL, update=("count",)),
}

_LINKAGE: Mapping[str, Rights] = {
    "project": READS,
    "permit_version": READS,
    "policy_tightening": READS,
    "linkage_secret": READS,
    "submission": _SUBMISSION,
    "submission_part": _parts("linkage"),
    "withdrawal": Rights(select=ALL, update=("linkage_kept", "code")),
    "destruction": READS,
    "destruction_share": _shares("linkage"),
    "project_destruction": READS,
    "project_destruction_share": _shares("linkage"),
    "linkage_run": _ends("figures", "hand_over_sha256", "code", states="'linked', 'failed'"),
    "linkage_run_submission": READS,
    "audit_entry": _entries("worker-linkage"),
    "audit_outbox": QUEUES,
}

_ANALYSIS: Mapping[str, Rights] = {
    "project": READS,
    "permit_version": READS,
    "linkage_secret": READS,
    "submission": _SUBMISSION,
    "submission_part": _parts("analysis", "report"),
    "withdrawal": Rights(select=ALL, update=("analysis_kept", "code")),
    "destruction": READS,
    "destruction_share": _shares("analysis"),
    "project_destruction": READS,
    "project_destruction_share": _shares("analysis"),
    "linkage_run": _ends("records", "code", states="'finished', 'failed'"),
    "query": _ends("hand_over_sha256", "code", states="'answered', 'failed'"),
    "audit_entry": _entries("worker-analysis"),
    "audit_outbox": QUEUES,
}

_GATE: Mapping[str, Rights] = {
    "project": READS,
    "permit_version": READS,
    "release_veto": READS,
    "policy_tightening": READS,
    "linkage_run": Rights(select=("id", "project_id", "asked_at", "state", "settled_at")),
    "linkage_run_submission": READS,
    "destruction": READS,
    "destruction_share": READS,
    "project_destruction": READS,
    "project_destruction_share": _shares("gate"),
    "query": _ends("figures", "code", states="'controlled', 'failed'"),
    "release": Rights(
        select=ALL,
        insert=ALL,
        update=("state", "statement", "entry_id", "code", "settled_at"),
        adds="state = 'awaiting' AND statement IS NULL AND entry_id IS NULL",
        makes="state IN ('signed', 'failed')",
    ),
    "release_decision": READS,
    "audit_entry": _entries("worker-gate"),
    "audit_outbox": QUEUES,
}

_LOG: Mapping[str, Rights] = {
    "audit_entry": Rights(
        select=ALL,
        insert=ALL,
        adds="actor = 'worker-log' OR (actor = 'nobody' AND action = 'sign-in:refuse')",
    ),
    "audit_outbox": Rights(select=ALL, insert=ALL, delete=True),
    "audit_leaf": ADDS,
    "audit_node": ADDS,
    "audit_checkpoint": ADDS,
    "refusal_tally": Rights(select=ALL, delete=True),
}

RIGHTS: Mapping[Process, Mapping[str, Rights]] = {
    Process.API: _API,
    Process.LINKAGE: _LINKAGE,
    Process.ANALYSIS: _ANALYSIS,
    Process.GATE: _GATE,
    Process.LOG: _LOG,
}
"""Our own tables."""

PUTS_IN_LINE: Mapping[Process, tuple[Job, ...]] = {
    Process.API: (
        Job.UNSEAL_IDENTIFIERS,
        Job.UNSEAL_PAYLOAD,
        Job.WITHDRAW_FROM_LINKAGE,
        Job.WITHDRAW_FROM_ANALYSIS,
        Job.SHRED_IDENTIFIERS,
        Job.SHRED_PAYLOAD,
        Job.SHRED_PROJECT_IDENTIFIERS,
        Job.SHRED_PROJECT_PAYLOAD,
        Job.SHRED_PROJECT_HISTORY,
        Job.LINK,
        Job.ANSWER,
        Job.COUNT_POPULATIONS,
        Job.SIGN_RELEASE,
    ),
    Process.LINKAGE: (Job.RECEIVE_CROSSWALK,),
    Process.ANALYSIS: (Job.CONTROL, Job.FORESEE),
    Process.GATE: (),
    Process.LOG: (Job.HEARTBEAT,),
}
"""Which jobs a process may put in line, for itself or another."""


def _line(role: WorkerRole) -> str:
    return f"{QUEUE}-{role.value}"


def _may_queue(process: Process) -> str:
    """A job as it is put in line: of a kind that is this process's to put there, in its worker's own line."""
    kinds = [f"(name = '{job}' AND queue_name = '{_line(WORKER_OF[job])}')" for job in PUTS_IN_LINE[process]]
    named = "starts_with(workflow_uuid, name || ':')"
    return f"status = 'ENQUEUED' AND {named} AND ({' OR '.join(kinds)})" if kinds else "false"


def _about(table: str, which: str) -> str:
    """Rows about a job that the process sees, and of which something holds."""
    job = f"FROM {JOB_QUEUE}.workflow_status w WHERE w.workflow_uuid = {table}.workflow_uuid"
    return f"EXISTS (SELECT {job} AND {which})"


_NEWS = ("workflow_uuid", "status", "name", "class_name", "config_name", "queue_name", "creator_xid")


def job_rights(process: Process) -> Mapping[str, Rights]:
    """What a process may do in the job queue: put its kinds of jobs in line, and do those of its role.

    Putting a job in line ends, where it is there already, in a change of nothing, for which the queue needs
    the right to one column: no row may be changed by it.
    """
    if process is Process.API:
        puts = Rights(
            select=(*_NEWS, "serialization"),
            insert=ALL,
            update=("creator_xid",),
            adds=_may_queue(process),
            touches="false",
        )
        its_input = Rights(
            select=("workflow_uuid",), insert=ALL, adds=_about("workflow_input", "w.status = 'ENQUEUED'")
        )
        return {"workflow_status": puts, "workflow_input": its_input}
    return _worker_rights(process)


def _worker_rights(process: Process) -> Mapping[str, Rights]:
    role = WorkerRole(process.value)
    own = f"queue_name = '{_line(role)}'"
    done = {
        table: Rights(
            select=ALL,
            insert=ALL,
            update=ALL,
            sees=_about(table, own),
            adds=_about(table, own),
            touches=_about(table, own),
            makes=_about(table, own),
        )
        for table in ("workflow_output", "operation_outputs")
    }
    return done | {
        "workflow_status": Rights(
            select=ALL,
            insert=ALL,
            update=ALL,
            sees=f"{own} OR ({_may_queue(process)})",
            adds=_may_queue(process),
            touches=own,
            makes=own,
        ),
        "workflow_input": Rights(
            select=ALL,
            insert=ALL,
            adds=_about("workflow_input", "w.status = 'ENQUEUED'"),
            sees=_about("workflow_input", f"({own} OR w.status = 'ENQUEUED')"),
        ),
        "queues": Rights(
            select=ALL,
            insert=ALL,
            update=ALL,
            adds=f"name = '{_line(role)}'",
            touches=f"name = '{_line(role)}'",
            makes=f"name = '{_line(role)}'",
        ),
        "application_versions": Rights(
            select=ALL,
            insert=ALL,
            update=ALL,
            adds=f"version_name = '{role}-{VERSION}'",
            touches=f"version_name = '{role}-{VERSION}'",
            makes=f"version_name = '{role}-{VERSION}'",
        ),
        "workflow_schedules": READS,
        "dbos_migrations": READS,
    }
