"""Refusals a caller can act on, as RFC 9457 problem details.

A class is a problem: its docstring's first line is the detail shown, `remedy` says what
to do next. Nothing of the request is ever repeated.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

CATALOGUE: dict[str, type[Problem]] = {}
"""Every problem by slug: docs/problems.md and the `/problems/<slug>` pages are made from it."""


class Problem(Exception):
    """A refusal with a stable slug, an HTTP status and a remedy."""

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    remedy: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Enter the problem into the catalogue; two of one slug are a mistake of ours."""
        if cls.slug in CATALOGUE:
            msg = f"two problems are called {cls.slug}"
            raise TypeError(msg)
        CATALOGUE[cls.slug] = cls

    def __init__(self, **facts: int | str | list[dict[str, str]]) -> None:
        """Keep facts that are safe to show: counts, codes, our own identifiers, pointers."""
        super().__init__(self.slug)
        self.facts = facts

    @classmethod
    def detail(cls) -> str:
        """The first paragraph of the docstring."""
        return inspect.getdoc(cls).split("\n\n")[0]  # type: ignore[union-attr]  # every problem has one: tested

    def as_json(self) -> dict[str, object]:
        """The body of an `application/problem+json` answer."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail(),
            "remedy": self.remedy,
            **self.facts,
        }


def faults_of(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Where each of pydantic's faults is, as a JSON pointer (RFC 6901), and its code: never what was sent.

    The name of an unknown field is what was sent: its parent is pointed to.
    """
    return [{"pointer": _pointer(error), "code": str(error["type"])} for error in errors]


def _pointer(error: Mapping[str, Any]) -> str:
    steps = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    return "".join(f"/{step}" for step in steps)


# --- the request itself ---------------------------------------------------------------


class RequestInvalid(Problem):
    """The request does not have the form that openapi.yaml describes."""

    slug, title, status = "request-invalid", "Request invalid", 422
    remedy = "Read `faults`: each names a place in the request and what is wrong there."


class RequestUnreadable(Problem):
    """The body could not be read as what its content type says."""

    slug, title, status = "request-unreadable", "Request unreadable", 400
    remedy = "Send well-formed JSON, or the file exactly as it was sealed."


class NotFound(Problem):
    """There is nothing here that you may see."""

    slug, title, status = "not-found", "Not found", 404
    remedy = "Check the identifier, the project and that your key is registered for it."


class MethodNotAllowed(Problem):
    """This address does not answer that method."""

    slug, title, status = "method-not-allowed", "Method not allowed", 405
    remedy = "See openapi.yaml for the methods of this address."


class RequestTooLarge(Problem):
    """The body is larger than this service takes in one request."""

    slug, title, status = "request-too-large", "Request too large", 413
    remedy = "Send a smaller delivery; `limit_bytes` is the cap."


class LengthRequired(Problem):
    """An upload has to say its length before it is sent."""

    slug, title, status = "length-required", "Length required", 411
    remedy = "Send a Content-Length header: tre-provider does."


class ChangedMeanwhile(Problem):
    """Somebody else changed the same thing at the same time; your change was not made."""

    slug, title, status = "changed-meanwhile", "Changed meanwhile", 409
    remedy = "Look at it again, and send your request again if it still applies."


class StorageFull(Problem):
    """There is no room for this delivery; nothing of it was kept."""

    slug, title, status = "storage-full", "Storage full", 507
    remedy = "Tell the operator; send the same file again when there is room."


class UnexpectedFault(Problem):
    """The service failed; nothing was changed."""

    slug, title, status = "unexpected-fault", "Unexpected fault", 500
    remedy = "Try again; if it stays, give the operator the time and the address."


class NotReady(Problem):
    """A part of the service that this needs is not answering."""

    slug, title, status = "not-ready", "Not ready", 503
    remedy = "Try again in a few seconds; nothing was changed."


# --- who asks --------------------------------------------------------------------------


class NotSignedIn(Problem):
    """The request carries no access token that this service can accept."""

    slug, title, status = "not-signed-in", "Not signed in", 401
    remedy = "Get a token at /token with your registered key; tokens live five minutes."


class TokenExpired(Problem):
    """The access token is past its five minutes."""

    slug, title, status = "token-expired", "Token expired", 401
    remedy = "Get a new token at /token; the same key serves."


class AssertionRefused(Problem):
    """The client assertion was not accepted."""

    slug, title, status = "assertion-refused", "Assertion refused", 401
    remedy = (
        "Check that the key is registered and live, that the clock is right, and use each assertion once."
    )


class NotPermitted(Problem):
    """Your role does not allow this."""

    slug, title, status = "not-permitted", "Not permitted", 403
    remedy = "Ask the operator which role does it; the permit names the people of a project."


# --- people and projects ---------------------------------------------------------------


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


# --- submissions -----------------------------------------------------------------------


class PackageUnreadable(Problem):
    """The delivery is not a package as tre-provider seals it: something is missing, cut short or moved."""

    slug, title, status = "package-unreadable", "Package unreadable", 422
    remedy = "Send the .tresub file again, whole; if it fails again, seal it anew."


class ManifestRefused(Problem):
    """The manifest is not signed by the key that is registered for you."""

    slug, title, status = "manifest-refused", "Manifest refused", 422
    remedy = "Seal with the key that the permit names for your organisation."


class ManifestMismatch(Problem):
    """The manifest names a project, provider, data set, column or catalogue that does not belong here."""

    slug, title, status = "manifest-mismatch", "Manifest mismatch", 422
    remedy = "Seal again with this project's file; the permit lists the data sets you may send."


class PartsDiffer(Problem):
    """A sealed part is not the one that the manifest was signed over."""

    slug, title, status = "parts-differ", "Parts differ from the manifest", 422
    remedy = "Send the .tresub file again, unchanged; if it fails again, seal it anew."


class WrongRecipient(Problem):
    """A part is sealed to a key that is not the current key of the worker that has to open it."""

    slug, title, status = "wrong-recipient", "Sealed to another key", 422
    remedy = "Fetch the project file again and seal anew; `current` shows the key in force."


class WrongLinkageSecret(Problem):
    """The tokens were made with another project linkage secret."""

    slug, title, status = "wrong-linkage-secret", "Wrong linkage secret", 422
    remedy = "Ask the lead provider for the project's secret of this epoch and seal again."


class CounterNotRising(Problem):
    """A delivery with this counter, or a later one, was received already."""

    slug, title, status = "counter-not-rising", "Counter not rising", 409
    remedy = "Seal again: tre-provider counts for you; the earlier delivery stands."


# --- linkage runs, queries, releases ---------------------------------------------------


class NothingToLink(Problem):
    """Fewer than two providers have an accepted delivery."""

    slug, title, status = "nothing-to-link", "Nothing to link", 409
    remedy = "Wait until the submissions of two providers are accepted."


class QuestionRefused(Problem):
    """The question is not signed by the researcher who asks."""

    slug, title, status = "question-refused", "Question refused", 422
    remedy = "Sign it with your registered key: tre-researcher ask does."


class OutsideThePermit(Problem):
    """The permit of the project does not cover this question."""

    slug, title, status = "outside-the-permit", "Outside the permit", 403
    remedy = "Ask within the permit's templates and data sets, or ask governance to widen it."


class SpecificationInvalid(Problem):
    """The specification has an unknown field, word or value."""

    slug, title, status = "specification-invalid", "Specification invalid", 422
    remedy = "Read `faults`; docs/guides/researcher.md shows the language."


class NoLinkedData(Problem):
    """The project has no finished linkage run yet."""

    slug, title, status = "no-linked-data", "No linked data", 409
    remedy = "Wait for the operator's linkage run to finish."


class DecisionRefused(Problem):
    """The decision is not signed by you, or is about something else than this release's evidence."""

    slug, title, status = "decision-refused", "Decision refused", 422
    remedy = "Open the evidence with tre-checker and decide on what it shows."


class OwnRequest(Problem):
    """Nobody checks the answer to their own question."""

    slug, title, status = "own-request", "Own request", 403
    remedy = "Another output checker of the project has to decide."


class AlreadyDecided(Problem):
    """You have decided on this release, or it is closed."""

    slug, title, status = "already-decided", "Already decided", 409
    remedy = "A release is decided once by each checker; nothing was changed."


class NotReleased(Problem):
    """The release is not approved, signed and entered in the log yet."""

    slug, title, status = "not-released", "Not released", 409
    remedy = "Wait for two checkers; the query's page shows where it stands."


# --- tools ----------------------------------------------------------------------------


class KeyFolderUnusable(Problem):
    """The key folder is missing, incomplete or readable by others."""

    slug, title, status = "key-folder-unusable", "Key folder unusable", 400
    remedy = "Make one with the `keys` command, and keep it to yourself (mode 0700)."


class ServiceUnreachable(Problem):
    """The service did not answer."""

    slug, title, status = "service-unreachable", "Service unreachable", 503
    remedy = "Check the address and your network; nothing was changed."


class SignatureRefused(Problem):
    """A signed text does not verify with the key that should have made it."""

    slug, title, status = "signature-refused", "Signature refused", 422
    remedy = "Have the text signed again by its author."


# --- the providers' tool ---------------------------------------------------------------


class MappingUnusable(Problem):
    """The mapping file cannot be used as it stands."""

    slug, title, status = "mapping-unusable", "Mapping unusable", 422
    remedy = "Correct the places named below; docs/guides/provider.md shows the format."


class ExtractUnreadable(Problem):
    """A file of the extract cannot be read as a table."""

    slug, title, status = "extract-unreadable", "Extract unreadable", 422
    remedy = "Export it again as CSV in UTF-8, with commas and one header row, as named in the mapping."


class ExtractFailed(Problem):
    """Rows of the extract fail checks of the catalogue; nothing was sealed."""

    slug, title, status = "extract-failed", "Extract failed", 422
    remedy = "Run tre-provider validate, correct the rows that it names, and seal again."


class ProjectFileUnusable(Problem):
    """The project file is not one that an operator of this service made."""

    slug, title, status = "project-file-unusable", "Project file unusable", 422
    remedy = "Ask the operator for the project file again; do not edit it."


class SecretUnusable(Problem):
    """The file of the project linkage secret is missing, damaged or readable by others."""

    slug, title, status = "secret-unusable", "Secret unusable", 400
    remedy = "Keep it as you got it, 64 hexadecimal digits in a file that only you can read (mode 0600)."


class OutputExists(Problem):
    """A file of that name exists already and was left as it is."""

    slug, title, status = "output-exists", "Output exists", 409
    remedy = "Choose another name, or move the old file away."


class ReceiptDiffers(Problem):
    """The service's receipt is for other bytes than were sent."""

    slug, title, status = "receipt-differs", "Receipt differs", 502
    remedy = "Tell the operator by telephone; keep the .tresub file."
