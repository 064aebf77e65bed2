"""Linkage runs, questions and releases."""

from __future__ import annotations

from service.problems.problem import Problem


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


class SpecificationUnreadable(Problem):
    """The file is no specification that can be read as YAML or JSON."""

    slug, title, status = "specification-unreadable", "Specification unreadable", 400
    remedy = "Mend the line that `faults` names; docs/guides/researcher.md says what each code means."


class QuotaUsed(Problem):
    """The project has asked as many questions today as its policy allows; this one was not taken.

    Refused answers and pre-flights count too.
    """

    slug, title, status = "quota-used", "Quota used", 429
    remedy = "Ask again after midnight UTC: in `retry_after_seconds`. One question may answer several."


class NotAnswered(Problem):
    """Disclosure control does not answer this question; why is told to the project's output checkers only."""

    slug, title, status = "not-answered", "Not answered", 409
    remedy = "Ask with coarser bands or fewer breakdowns, or ask an output checker of the project."


class NoLinkedData(Problem):
    """The project has no finished linkage run yet."""

    slug, title, status = "no-linked-data", "No linked data", 409
    remedy = "Wait for the operator's linkage run to finish."


class DecisionRefused(Problem):
    """The decision is not signed by you, or is about something else than this release's evidence."""

    slug, title, status = "decision-refused", "Decision refused", 422
    remedy = "Open the evidence with tre-checker and decide on what it shows."


class NoPasskey(Problem):
    """The project's permit names no passkey of yours."""

    slug, title, status = "no-passkey", "No passkey", 409
    remedy = "Decide with tre-checker, or ask governance for an amendment that names your passkey."


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
