"""What each role may do: one table drives every route."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from linkage_engine.contract.permit import Role
from service.problems.signing_in import KeyNeeded, NotPermitted


class Permission(StrEnum):
    """`subject:act`, in the words of the audit log where it has them."""

    DELIVERY_WITHDRAW = "delivery:withdraw"
    DESTRUCTION_READ = "destruction:read"
    EVIDENCE_READ = "evidence:read"
    LINKAGE_RUN_ASK = "linkage-run:ask"
    LINKAGE_RUN_READ = "linkage-run:read"
    LINKAGE_SECRET_CREATE = "linkage-secret:create"  # noqa: S105  # the name of an act
    LINKAGE_SECRET_READ = "linkage-secret:read"  # noqa: S105  # the name of an act
    LOG_EXPORT = "log:export"
    LOG_READ = "log:read"
    MIRROR_READ = "mirror:read"
    PACKAGE_READ = "package:read"
    PERMIT_READ = "permit:read"
    POLICY_TIGHTEN = "policy:tighten"
    PREFLIGHT_ASK = "preflight:ask"
    PREFLIGHT_READ = "preflight:read"
    PROJECT_DESTRUCTION_READ = "project-destruction:read"
    PROJECT_AMEND = "project:amend"
    PROJECT_OPEN = "project:open"
    PROJECT_READ = "project:read"
    PROVIDER_FILE_READ = "provider-file:read"
    QUERY_ASK = "query:ask"
    QUERY_READ = "query:read"
    RELEASE_DECIDE = "release:decide"
    RELEASE_READ = "release:read"
    RELEASE_SIGN_OFF = "release:sign-off"
    RELEASE_VETO = "release:veto"
    SESSION_READ = "session:read"
    SUBMISSION_CREATE = "submission:create"
    SUBMISSION_READ = "submission:read"
    WITHDRAWAL_CREATE = "withdrawal:create"
    WITHDRAWAL_READ = "withdrawal:read"


PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.PROVIDER: frozenset(
        {
            Permission.DELIVERY_WITHDRAW,
            Permission.DESTRUCTION_READ,
            Permission.LINKAGE_SECRET_CREATE,
            Permission.LINKAGE_SECRET_READ,
            Permission.MIRROR_READ,
            Permission.POLICY_TIGHTEN,
            Permission.PROJECT_READ,
            Permission.PROVIDER_FILE_READ,
            Permission.RELEASE_VETO,
            Permission.SESSION_READ,
            Permission.SUBMISSION_CREATE,
            Permission.SUBMISSION_READ,
            Permission.WITHDRAWAL_CREATE,
            Permission.WITHDRAWAL_READ,
        }
    ),
    Role.RESEARCHER: frozenset(
        {
            Permission.PACKAGE_READ,
            Permission.PREFLIGHT_ASK,
            Permission.PREFLIGHT_READ,
            Permission.PROJECT_READ,
            Permission.QUERY_ASK,
            Permission.QUERY_READ,
            Permission.RELEASE_READ,
            Permission.SESSION_READ,
        }
    ),
    Role.OUTPUT_CHECKER: frozenset(
        {
            Permission.EVIDENCE_READ,
            Permission.PACKAGE_READ,
            Permission.PREFLIGHT_READ,
            Permission.PROJECT_READ,
            Permission.QUERY_READ,
            Permission.RELEASE_DECIDE,
            Permission.RELEASE_READ,
            Permission.RELEASE_SIGN_OFF,
            Permission.SESSION_READ,
        }
    ),
    Role.AUDIT_REVIEWER: frozenset(
        {
            Permission.PROJECT_DESTRUCTION_READ,
            Permission.LOG_EXPORT,
            Permission.LOG_READ,
            Permission.PACKAGE_READ,
            Permission.PREFLIGHT_READ,
            Permission.PROJECT_READ,
            Permission.QUERY_READ,
            Permission.RELEASE_READ,
            Permission.SESSION_READ,
        }
    ),
    Role.OPERATOR: frozenset(
        {
            Permission.PROJECT_DESTRUCTION_READ,
            Permission.DESTRUCTION_READ,
            Permission.LINKAGE_RUN_ASK,
            Permission.LINKAGE_RUN_READ,
            Permission.PERMIT_READ,
            Permission.PROJECT_AMEND,
            Permission.PROJECT_OPEN,
            Permission.PROJECT_READ,
            Permission.SESSION_READ,
            Permission.SUBMISSION_READ,
            Permission.WITHDRAWAL_READ,
        }
    ),
}

SERVICE_ROLES = frozenset({Role.OPERATOR, Role.AUDIT_REVIEWER})
"""Roles that serve every project; the others serve the projects whose permits name them."""


BY_BROWSER = frozenset(
    {each for each in Permission if each.endswith((":read", ":export"))} | {Permission.RELEASE_SIGN_OFF}
)
"""What serves who is signed in by browser: looking, and deciding with a passkey that the permit names.

Whatever changes something needs a key; there the passkey is one, and a session without it changes nothing.
"""


def check_permitted(role: Role, permission: Permission, *, by_browser: bool = False) -> None:
    """Raise NotPermitted unless the role has the permission, KeyNeeded where a browser is not enough."""
    if permission not in PERMISSIONS[role]:
        raise NotPermitted
    if by_browser and permission not in BY_BROWSER:
        raise KeyNeeded
