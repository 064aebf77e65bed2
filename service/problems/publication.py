"""Making releases public."""

from __future__ import annotations

from service.problems.problem import Problem


class ReleaseNotVerified(Problem):
    """The package is not a release that the gate signed and the log has, by the keys that were named."""

    slug, title, status = "release-not-verified", "Release not verified", 422
    remedy = "Fetch the package again, and compare the keys with those governance gave you."


class CrateNotVerified(Problem):
    """The file is no Five Safes RO-Crate of a release: `faults` names what does not hold."""

    slug, title, status = "crate-not-verified", "Crate not verified", 422
    remedy = "Fetch the crate again, or make it from the release package with `tre-publish crate`."


class ReleaseUnreadable(Problem):
    """The package is signed, and its table, question or record is none that this version can read."""

    slug, title, status = "release-unreadable", "Release unreadable", 422
    remedy = "Use the version of the tool that belongs to the service that signed it."


class FolderInTheWay(Problem):
    """What was to be made exists already; nothing was written."""

    slug, title, status = "folder-in-the-way", "Folder in the way", 409
    remedy = "Name a folder that does not exist yet, or remove this one."
