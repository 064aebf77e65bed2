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
    remedy = "Ask governance for an amendment; the project's page shows the dates."


class GrantNotLive(Problem):
    """The controller's grant of a data set is not in force today, so nothing runs on the project."""

    slug, title, status = "grant-not-live", "Grant not live", 403
    remedy = (
        "Have the controller grant it anew (tre-provider grant), or ask governance to leave the data set out."
    )


class StandingNotLive(Problem):
    """Your accreditation or training for this project is not in force today."""

    slug, title, status = "standing-not-live", "Standing not live", 403
    remedy = "Renew it, then ask governance for an amendment that says so."


class SecondPersonNeeded(Problem):
    """Who signed the permit cannot be who brings it in: two people are needed."""

    slug, title, status = "second-person-needed", "Second person needed", 403
    remedy = "Have another operator bring it in, or another person at governance sign it."


class AmendmentRefused(Problem):
    """The permit is not one that may take the place of the project's permit in force."""

    slug, title, status = "amendment-refused", "Amendment refused", 422
    remedy = "Read `faults`; have it drawn up anew from the permit in force: tre-operate amend."


class ProjectExists(Problem):
    """A project of that name exists already."""

    slug, title, status = "project-exists", "Project exists", 409
    remedy = "Choose another project id."
