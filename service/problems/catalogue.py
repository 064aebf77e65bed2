"""Every problem there is, by slug: docs/problems.md and the `/problems/<slug>` pages are made from it."""

from __future__ import annotations

from service.problems import (
    backups,
    database,
    linkage_secrets,
    mirror,
    projects,
    provider_tool,
    publication,
    requests,
    results,
    signing_in,
    submissions,
    tools,
    uploads,
    withdrawals,
)
from service.problems.problem import KNOWN, Problem

MODULES = (
    backups,
    database,
    linkage_secrets,
    mirror,
    projects,
    provider_tool,
    publication,
    requests,
    results,
    signing_in,
    submissions,
    tools,
    uploads,
    withdrawals,
)
"""Imported here so that every problem has entered itself."""

CATALOGUE: dict[str, type[Problem]] = KNOWN
