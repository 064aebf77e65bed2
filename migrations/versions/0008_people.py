"""People enrol and sign in by browser; programs have further client keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.database import Utc

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _of_principal(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_principal_id_principal")
    return sa.ForeignKeyConstraint(["principal_id"], ["principal.id"], name=name)


def _way() -> sa.Enum:
    return sa.Enum(
        "passkey",
        "authenticator",
        "provider",
        name="way",
        native_enum=False,
        length=63,
        create_constraint=True,
    )


def upgrade() -> None:
    op.create_table(
        "client_key",
        sa.Column("thumbprint", sa.String(length=64), nullable=False),
        sa.Column("principal_id", sa.String(length=63), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("registered_at", Utc(), nullable=False),
        _of_principal("client_key"),
        sa.PrimaryKeyConstraint("thumbprint", name=op.f("pk_client_key")),
    )
    op.create_index(op.f("ix_client_key_principal_id"), "client_key", ["principal_id"])
    op.create_table(
        "browser_session",
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("principal_id", sa.String(length=63), nullable=False),
        sa.Column("way", _way(), nullable=False),
        sa.Column("began_at", Utc(), nullable=False),
        sa.Column("seen_at", Utc(), nullable=False),
        _of_principal("browser_session"),
        sa.PrimaryKeyConstraint("secret_sha256", name=op.f("pk_browser_session")),
    )
    op.create_index(op.f("ix_browser_session_principal_id"), "browser_session", ["principal_id"])
    op.create_table(
        "enrolment",
        sa.Column("principal_id", sa.String(length=63), nullable=False),
        sa.Column("link_sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        _of_principal("enrolment"),
        sa.PrimaryKeyConstraint("principal_id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("link_sha256", name=op.f("uq_enrolment_link_sha256")),
    )
    op.create_table(
        "sign_in_method",
        sa.Column("principal_id", sa.String(length=63), nullable=False),
        sa.Column("way", _way(), nullable=False),
        sa.Column("identifier", sa.String(length=1024), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("enrolled_at", Utc(), nullable=False),
        _of_principal("sign_in_method"),
        sa.PrimaryKeyConstraint("principal_id", name=op.f("pk_sign_in_method")),
        sa.UniqueConstraint("identifier", name=op.f("uq_sign_in_method_identifier")),
    )
    op.create_table(
        "wrong_codes",
        sa.Column("principal_id", sa.String(length=63), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _of_principal("wrong_codes"),
        sa.PrimaryKeyConstraint("principal_id", name=op.f("pk_wrong_codes")),
    )


def downgrade() -> None:
    op.drop_table("wrong_codes")
    op.drop_table("sign_in_method")
    op.drop_table("enrolment")
    op.drop_index(op.f("ix_browser_session_principal_id"), table_name="browser_session")
    op.drop_table("browser_session")
    op.drop_index(op.f("ix_client_key_principal_id"), table_name="client_key")
    op.drop_table("client_key")
