"""The closed words of the log: acts, outcomes and the keys of details."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Every act that is entered, as `subject:act`."""

    PRINCIPAL_REGISTER = "principal:register"
    PRINCIPAL_READ = "principal:read"
    PRINCIPAL_RETIRE = "principal:retire"
    KEY_MAKE = "key:make"
    KEY_REGISTER = "key:register"
    KEY_REVOKE = "key:revoke"
    KEY_USE = "key:use"
    KEY_ROTATE = "key:rotate"
    TOKEN_ISSUE = "token:issue"  # noqa: S105  # the name of an act
    SIGN_IN = "sign-in:accept"
    SIGN_IN_REFUSE = "sign-in:refuse"
    ENROLMENT_OPEN = "enrolment:open"
    ENROLMENT_FINISH = "enrolment:finish"
    IDENTITY_PROVIDER_REGISTER = "identity-provider:register"
    SESSION_READ = "session:read"
    SESSION_END = "session:end"
    REQUEST_REFUSE = "request:refuse"
    PROJECT_OPEN = "project:open"
    PROJECT_AMEND = "project:amend"
    PROJECT_CLOSE = "project:close"
    PROJECT_OVERLAP = "project:overlap"
    PERMIT_WARN = "permit:warn"
    PROJECT_READ = "project:read"
    LINKAGE_SECRET_RECEIVE = "linkage-secret:receive"  # noqa: S105  # the name of an act
    LINKAGE_SECRET_READ = "linkage-secret:read"  # noqa: S105  # the name of an act
    UPLOAD_BEGIN = "upload:begin"
    UPLOAD_APPEND = "upload:append"
    UPLOAD_READ = "upload:read"
    UPLOAD_END = "upload:end"
    UPLOAD_EXPIRE = "upload:expire"
    SUBMISSION_RECEIVE = "submission:receive"
    SUBMISSION_ACCEPT = "submission:accept"
    SUBMISSION_WITHDRAW = "submission:withdraw"
    SUBMISSION_READ = "submission:read"
    WITHDRAWAL_RECEIVE = "withdrawal:receive"
    WITHDRAWAL_KEEP = "withdrawal:keep"
    WITHDRAWAL_REFUSE = "withdrawal:refuse"
    WITHDRAWAL_READ = "withdrawal:read"
    DESTRUCTION_CERTIFY = "destruction:certify"
    DESTRUCTION_FAIL = "destruction:fail"
    DESTRUCTION_READ = "destruction:read"
    DESTRUCTION_REPEAT = "destruction:repeat"
    PART_UNSEAL = "part:unseal"
    PART_REJECT = "part:reject"
    LINKAGE_RUN_ASK = "linkage-run:ask"
    LINKAGE_RUN_START = "linkage-run:start"
    LINKAGE_RUN_FINISH = "linkage-run:finish"
    LINKAGE_RUN_FAIL = "linkage-run:fail"
    LINKAGE_RUN_READ = "linkage-run:read"
    PERSON_SPINE_CHANGE = "person-spine:change"
    CROSSWALK_SEND = "crosswalk:send"
    CROSSWALK_RECEIVE = "crosswalk:receive"
    QUERY_ASK = "query:ask"
    QUERY_REFUSE = "query:refuse"
    QUERY_ANSWER = "query:answer"
    QUERY_FAIL = "query:fail"
    QUERY_READ = "query:read"
    PREFLIGHT_ASK = "preflight:ask"
    PREFLIGHT_ANSWER = "preflight:answer"
    PREFLIGHT_FORESEE = "preflight:foresee"
    PREFLIGHT_FAIL = "preflight:fail"
    PREFLIGHT_READ = "preflight:read"
    TABLE_CONTROL = "table:control"
    TABLE_REFUSE = "table:refuse"
    EVIDENCE_SEAL = "evidence:seal"
    EVIDENCE_READ = "evidence:read"
    RELEASE_DECIDE = "release:decide"
    RELEASE_REFUSE = "release:refuse"
    RELEASE_SIGN = "release:sign"
    RELEASE_READ = "release:read"
    RELEASE_VETO = "release:veto"
    MIRROR_READ = "mirror:read"
    POLICY_TIGHTEN = "policy:tighten"
    RELEASE_SUPERSEDE = "release:supersede"
    LOG_READ = "log:read"
    LOG_EXPORT = "log:export"
    LOG_HEARTBEAT = "log:heartbeat"
    FINDING_RECORD = "finding:record"
    WORKER_START = "worker:start"
    WORKER_STOP = "worker:stop"
    INSTALLATION_EXAMINE = "installation:examine"
    DATABASE_DIVIDE = "database:divide"
    DATABASE_MIGRATE = "database:migrate"
    INSTALLATION_BACKUP = "installation:backup"
    INSTALLATION_RESTORE = "installation:restore"


class Outcome(StrEnum):
    """What became of the act."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


COUNTS = frozenset(
    {
        "budget",
        "bytes",
        "cells",
        "cells_hidden",
        "columns",
        "count",
        "counter",
        "dates_of_birth_differ",
        "first",
        "ill",
        "kept_apart",
        "last",
        "lost",
        "nhs_numbers_differ",
        "parts",
        "persons_ended",
        "persons_left_out",
        "persons_merged",
        "persons_split",
        "policy_version",
        "records",
        "records_a",
        "records_b",
        "records_changed",
        "records_gone",
        "records_new",
        "records_withdrawn",
        "replaced_counter",
        "revoked",
        "rows",
        "rows_before",
        "rows_left_out",
        "seconds",
        "secret_epoch",
        "size",
        "status",
        "version",
        "watch",
    }
)
"""Details that are whole numbers, never negative."""
DIGESTS = frozenset(
    {
        "decision_sha256",
        "evidence_sha256",
        "manifest_sha256",
        "permit_sha256",
        "policy_sha256",
        "question_sha256",
        "root_sha256",
        "sealed_sha256",
        "specification_sha256",
        "statement_sha256",
        "table_sha256",
    }
)
"""Details that are SHA-256 digests in lower-case hexadecimal."""
NAMES = frozenset(
    {
        "asked_action",
        "asked_outcome",
        "code",
        "data_set",
        "data_version",
        "delivery_id",
        "engine",
        "filters",
        "isolation",
        "key_id",
        "kind",
        "linkage_profile",
        "linkage_run_id",
        "minute",
        "part",
        "policy",
        "principal_id",
        "provider_id",
        "query_id",
        "receiver",
        "release_id",
        "replaces",
        "role",
        "route",
        "sender",
        "since",
        "submission_id",
        "template",
        "until",
        "verdict",
    }
)
"""Details that are ids, slugs, codes, thumbprints or the name of a route."""
