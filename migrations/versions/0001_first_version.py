"""Everything of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.audit.append_only import postgresql_triggers, sqlite_triggers
from service.database import Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = {
    "audit_entry": ("sequence", "entry_id"),
    "audit_leaf": ("leaf_index", "entry_sequence"),
    "audit_node": ("level, position",),
    "audit_checkpoint": ("size",),
}


def one_of(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=63)


def upgrade() -> None:
    _make_log()
    _make_people_and_projects()
    _make_submissions()
    _make_linkage_runs_and_queries()
    _make_releases()
    _keep_log_append_only()


def downgrade() -> None:
    for table in DROPPED:
        op.drop_table(table)


DROPPED = (
    "release_decision",
    "release",
    "submission_part",
    "query",
    "linkage_run_submission",
    "submission",
    "project_party",
    "linkage_run",
    "audit_leaf",
    "used_assertion",
    "refusal_tally",
    "project",
    "principal",
    "audit_outbox",
    "audit_node",
    "audit_entry",
    "audit_checkpoint",
)


def _keep_log_append_only() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, keys in APPEND_ONLY.items():
        for statement in sqlite_triggers(table, keys) if on_sqlite else postgresql_triggers(table):
            op.execute(sa.text(statement))


def _make_log() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", NUMBER, autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("sequence", NUMBER, nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("action", sa.String(length=63), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("project", sa.String(length=200), nullable=True),
        sa.Column("outcome", sa.String(length=63), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_entry_entry_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_entry_action"), "audit_entry", ["action"])
    op.create_index(op.f("ix_audit_entry_actor"), "audit_entry", ["actor"])
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"])
    op.create_index(op.f("ix_audit_entry_project"), "audit_entry", ["project"])
    op.create_index(op.f("ix_audit_entry_subject"), "audit_entry", ["subject"])

    op.create_table(
        "audit_node",
        sa.Column("level", NUMBER, autoincrement=False, nullable=False),
        sa.Column("position", NUMBER, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_audit_node")),
    )
    op.create_table(
        "audit_outbox",
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_outbox")),
    )
    op.create_table(
        "refusal_tally",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("minute", Utc(), nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "minute", "slug", name=op.f("pk_refusal_tally")),
    )
    op.create_table(
        "audit_leaf",
        sa.Column("leaf_index", NUMBER, autoincrement=False, nullable=False),
        sa.Column("entry_sequence", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_sequence"],
            ["audit_entry.sequence"],
            name=op.f("fk_audit_leaf_entry_sequence_audit_entry"),
        ),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_audit_leaf")),
        sa.UniqueConstraint("entry_sequence", name=op.f("uq_audit_leaf_entry_sequence")),
    )


def _make_people_and_projects() -> None:
    op.create_table(
        "principal",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column(
            "role",
            one_of("role", "provider", "researcher", "output_checker", "audit_reviewer", "operator"),
            nullable=False,
        ),
        sa.Column("signing_key_x", sa.String(length=64), nullable=False),
        sa.Column("thumbprint", sa.String(length=64), nullable=False),
        sa.Column("age_recipient", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("registered_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_principal")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_principal_thumbprint")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("permit", sa.Text(), nullable=False),
        sa.Column("permit_sha256", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("opened_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
    )
    op.create_table(
        "used_assertion",
        sa.Column("principal_id", sa.String(length=63), nullable=False),
        sa.Column("jti", sa.String(length=128), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("principal_id", "jti", name=op.f("pk_used_assertion")),
    )
    op.create_table(
        "project_party",
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("principal_id", sa.String(length=63), nullable=False),
        sa.Column(
            "role",
            one_of("role", "provider", "researcher", "output_checker", "audit_reviewer", "operator"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_project_party_principal_id_principal")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_project_party_project_id_project")
        ),
        sa.PrimaryKeyConstraint("project_id", "principal_id", name=op.f("pk_project_party")),
    )


def _make_submissions() -> None:
    op.create_table(
        "submission",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("provider_id", sa.String(length=63), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("extract_date", sa.Date(), nullable=False),
        sa.Column(
            "state",
            one_of("submissionstate", "received", "accepted", "rejected", "superseded"),
            nullable=False,
        ),
        sa.Column("received_at", Utc(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_submission_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["principal.id"], name=op.f("fk_submission_provider_id_principal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_submission_delivery_id")),
        sa.UniqueConstraint("project_id", "provider_id", "counter", name=op.f("uq_submission_project_id")),
        sa.UniqueConstraint("sealed_sha256", name=op.f("uq_submission_sealed_sha256")),
    )
    op.create_table(
        "submission_part",
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("zone", one_of("zone", "linkage", "analysis"), nullable=False),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("state", one_of("partstate", "waiting", "unsealed", "rejected"), nullable=False),
        sa.Column("code", sa.String(length=63), nullable=True),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("settled_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_submission_part_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("submission_id", "name", name=op.f("pk_submission_part")),
    )


def _make_linkage_runs_and_queries() -> None:
    op.create_table(
        "linkage_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("asked_by", sa.String(length=63), nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.Column("state", one_of("runstate", "asked", "linked", "finished", "failed"), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("hand_over_sha256", sa.String(length=64), nullable=True),
        sa.Column("records", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=63), nullable=True),
        sa.Column("settled_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["principal.id"], name=op.f("fk_linkage_run_asked_by_principal")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_linkage_run_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linkage_run")),
    )
    op.create_index(op.f("ix_linkage_run_project_id"), "linkage_run", ["project_id"])

    op.create_table(
        "linkage_run_submission",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["linkage_run.id"], name=op.f("fk_linkage_run_submission_run_id_linkage_run")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_linkage_run_submission_submission_id_submission"),
        ),
        sa.PrimaryKeyConstraint("run_id", "submission_id", name=op.f("pk_linkage_run_submission")),
    )
    op.create_table(
        "query",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("asked_by", sa.String(length=63), nullable=False),
        sa.Column("asked_at", Utc(), nullable=False),
        sa.Column("nonce", sa.String(length=36), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("question_sha256", sa.String(length=64), nullable=False),
        sa.Column("specification", sa.JSON(), nullable=False),
        sa.Column("linkage_run_id", sa.String(length=36), nullable=False),
        sa.Column("state", one_of("querystate", "asked", "answered", "controlled", "failed"), nullable=False),
        sa.Column("hand_over_sha256", sa.String(length=64), nullable=True),
        sa.Column("code", sa.String(length=63), nullable=True),
        sa.Column("settled_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["principal.id"], name=op.f("fk_query_asked_by_principal")),
        sa.ForeignKeyConstraint(
            ["linkage_run_id"], ["linkage_run.id"], name=op.f("fk_query_linkage_run_id_linkage_run")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_query_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query")),
        sa.UniqueConstraint("asked_by", "nonce", name=op.f("uq_query_asked_by")),
    )
    op.create_index(op.f("ix_query_project_id"), "query", ["project_id"])


def _make_releases() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=63), nullable=False),
        sa.Column("author_id", sa.String(length=63), nullable=False),
        sa.Column("evidence_sha256", sa.String(length=64), nullable=False),
        sa.Column("table_sha256", sa.String(length=64), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            one_of("releasestate", "awaiting", "approved", "refused", "signed", "failed"),
            nullable=False,
        ),
        sa.Column("opened_at", Utc(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("entry_id", sa.String(length=36), nullable=True),
        sa.Column("code", sa.String(length=63), nullable=True),
        sa.Column("settled_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["principal.id"], name=op.f("fk_release_author_id_principal")),
        sa.ForeignKeyConstraint(["id"], ["query.id"], name=op.f("fk_release_id_query")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_release_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("id", "author_id", name="uq_release_id_author_id"),
    )
    op.create_index(op.f("ix_release_project_id"), "release", ["project_id"])

    op.create_table(
        "release_decision",
        sa.Column("release_id", sa.String(length=36), nullable=False),
        sa.Column("checker_id", sa.String(length=63), nullable=False),
        sa.Column("author_id", sa.String(length=63), nullable=False),
        sa.Column("verdict", one_of("verdict", "approve", "refuse"), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decision_sha256", sa.String(length=64), nullable=False),
        sa.Column("decided_at", Utc(), nullable=False),
        sa.CheckConstraint("checker_id <> author_id", name=op.f("ck_release_decision_second_person")),
        sa.ForeignKeyConstraint(
            ["checker_id"], ["principal.id"], name=op.f("fk_release_decision_checker_id_principal")
        ),
        sa.ForeignKeyConstraint(
            ["release_id", "author_id"],
            ["release.id", "release.author_id"],
            name="fk_release_decision_release",
        ),
        sa.PrimaryKeyConstraint("release_id", "checker_id", name=op.f("pk_release_decision")),
    )
