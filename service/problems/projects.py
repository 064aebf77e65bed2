"""People, permits and projects."""

from __future__ import annotations

from service.problems.problem import Problem


class AlreadyRegistered(Problem):
    """A principal of that name or key is registered already."""

    slug, title, status = "already-registered", "Already registered", 409
    remedy = "Choose another name, or revoke the old key first."


class PermitRefused(Problem):
    """The permit is not signed by this service's governance key, or does not hold together."""

    slug, title, status = "permit-refused", "Permit refused", 422
    remedy = "Have the permit signed with the pinned governance key: tre-operate permit."


class PermitNotLive(Problem):
    """The project's permit is not in force today."""

    slug, title, status = "permit-not-live", "Permit not live", 403
    remedy = "Ask governance for a new permit; the project's page shows the dates."


class ProjectExists(Problem):
    """A project of that name exists already."""

    slug, title, status = "project-exists", "Project exists", 409
    remedy = "Choose another project id."
