"""What is wrong with a request itself, and what went wrong on our side."""

from __future__ import annotations

from service.problems.problem import Problem


class RequestInvalid(Problem):
    """The request does not have the form that openapi.yaml describes."""

    slug, title, status = "request-invalid", "Request invalid", 422
    remedy = "Read `faults`: each names a place in the request and what is wrong there."


class PeriodInvalid(Problem):
    """The period that was asked for has no moment in it."""

    slug, title, status = "period-invalid", "Period invalid", 422
    remedy = "Let `from` be earlier than `to`: the period is from the one up to, not including, the other."


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


class ChangedMeanwhile(Problem):
    """Somebody else changed the same thing at the same time; your change was not made."""

    slug, title, status = "changed-meanwhile", "Changed meanwhile", 409
    remedy = "Look at it again, and send your request again if it still applies."


class StorageFull(Problem):
    """There is no room for more of this delivery; what came in before is kept until it expires."""

    slug, title, status = "storage-full", "Storage full", 507
    remedy = "Tell the operator; when there is room, run tre-provider submit again: it goes on from there."


class UnexpectedFault(Problem):
    """The service failed; nothing was changed."""

    slug, title, status = "unexpected-fault", "Unexpected fault", 500
    remedy = "Try again; if it stays, give the operator the time and the address."


class NotReady(Problem):
    """A part of the service that this needs is not answering."""

    slug, title, status = "not-ready", "Not ready", 503
    remedy = "Try again in a few seconds; nothing was changed."
