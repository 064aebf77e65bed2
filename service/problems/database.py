"""What the control database could not do; whatever it was asked to keep was not kept, and not done."""

from __future__ import annotations

from service.problems.problem import Problem


class DatabaseBusy(Problem):
    """Somebody else is writing to the control database; nothing was changed."""

    slug, title, status = "database-busy", "Database busy", 503
    remedy = "Try again in a few seconds; if it stays, tell the operator that a process holds the write lock."


class DatabaseUnreachable(Problem):
    """The control database does not answer; nothing was changed."""

    slug, title, status = "database-unreachable", "Database unreachable", 503
    remedy = "Try again in a few seconds; if it stays, tell the operator to look at the database server."


class DatabaseFull(Problem):
    """The control database has no room for the entry that this needs; nothing was changed."""

    slug, title, status = "database-full", "Database full", 507
    remedy = "Tell the operator to make room where the control database lies; then send the request again."


class DatabaseReadOnly(Problem):
    """The control database cannot be written to, so nothing can be entered and nothing is done."""

    slug, title, status = "database-read-only", "Database read-only", 503
    remedy = "Tell the operator to look at the rights of the database; then send the request again."
