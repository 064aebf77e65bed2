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


class NoticesRefused(Problem):
    """What notices say of releases cannot hold: each and why is in `faults`; nothing was published."""

    slug, title, status = "notices-refused", "Notices refused", 422
    remedy = "Mend the notices that are named; docs/guides/publisher.md explains each code."


class LogNotVerified(Problem):
    """The exported log does not verify by the keys that were named: `faults` names what does not hold."""

    slug, title, status = "log-not-verified", "Log not verified", 422
    remedy = "Have it exported again, and look with `tre-audit verify`; refusals are not counted without it."


class GivenUnreadable(Problem):
    """A file that the site is made of is not in the form this tool reads: `faults` says which and where."""

    slug, title, status = "given-unreadable", "Given file unreadable", 422
    remedy = "Mend the file; docs/guides/publisher.md shows each of them."
