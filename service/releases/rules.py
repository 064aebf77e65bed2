"""Who may decide on a release, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from linkage_engine.contract.permit import Party, Permit, Role
from linkage_engine.contract.statements import APPROVALS_NEEDED, Decision, Verdict
from service.problems.requests import NotFound
from service.problems.results import AlreadyDecided, DecisionRefused, NotReleased, OwnRequest

FRESH_SECONDS = 300
"""How long a decision may wait for its passkey."""


class ReleaseState(StrEnum):
    """Where a release stands."""

    AWAITING = "awaiting"
    APPROVED = "approved"
    REFUSED = "refused"
    SIGNED = "signed"
    FAILED = "failed"


class ReleaseEvent(StrEnum):
    """What happens to a release."""

    APPROVED_TWICE = "approved-twice"
    REFUSED = "refused"
    SIGNED = "signed"
    FAILED = "failed"


TRANSITIONS: Mapping[tuple[ReleaseState, ReleaseEvent], ReleaseState] = {
    (ReleaseState.AWAITING, ReleaseEvent.APPROVED_TWICE): ReleaseState.APPROVED,
    (ReleaseState.AWAITING, ReleaseEvent.REFUSED): ReleaseState.REFUSED,
    (ReleaseState.APPROVED, ReleaseEvent.SIGNED): ReleaseState.SIGNED,
    (ReleaseState.APPROVED, ReleaseEvent.FAILED): ReleaseState.FAILED,
}
"""Every change there is; any other event changes nothing."""


def next_state(state: ReleaseState, event: ReleaseEvent) -> ReleaseState | None:
    """The state after an event, or nothing when it changes nothing."""
    return TRANSITIONS.get((state, event))


def event_of(verdicts: Sequence[Verdict]) -> ReleaseEvent | None:
    """What the verdicts so far come to: one refusal refuses, so many approvals approve."""
    if Verdict.REFUSE in verdicts:
        return ReleaseEvent.REFUSED
    if verdicts.count(Verdict.APPROVE) >= APPROVALS_NEEDED:
        return ReleaseEvent.APPROVED_TWICE
    return None


def check_may_decide(
    permit: Permit, checker_id: str, author_id: str, *, state: ReleaseState, decided: Collection[str]
) -> None:
    """Raise unless the checker may decide on the release now.

    NotFound for whoever is no output checker of the project; OwnRequest for the author,
    also under another name; AlreadyDecided when that person has decided or the release is
    closed.
    """
    checker, author = permit.party(checker_id), permit.party(author_id)
    if checker is None or checker.role is not Role.OUTPUT_CHECKER:
        raise NotFound
    if checker_id == author_id or (author is not None and _same(checker, author)):
        raise OwnRequest
    others = [permit.party(name) for name in decided]
    if state is not ReleaseState.AWAITING or checker_id in decided:
        raise AlreadyDecided
    if any(_same(checker, other) for other in others if other):
        raise AlreadyDecided


def _same(one: Party, other: Party) -> bool:
    """Whether two names of a permit are one person's, by the person stated or by a key."""
    return one.person == other.person or not one.public_keys.isdisjoint(other.public_keys)


def check_about(
    decision: Decision, *, release_id: str, project_id: str, checker_id: str, evidence_sha256: str
) -> None:
    """Raise DecisionRefused unless the decision is this checker's, about this release's evidence."""
    about = (decision.release_id, decision.project_id, decision.checker_id, decision.evidence_sha256)
    if about != (release_id, project_id, checker_id, evidence_sha256):
        raise DecisionRefused


def check_use(decision: Decision, now: datetime, *, counter: int, last: int | None) -> None:
    """Raise DecisionRefused unless a passkey was used just now, by who still has it, and counted on.

    `last` is what it said before, of sign-ins too; nothing where it is no longer the checker's.
    """
    fresh = abs((now - decision.decided_at).total_seconds()) <= FRESH_SECONDS
    if not fresh or last is None or (counter <= last and (counter, last) != (0, 0)):
        raise DecisionRefused


def check_signed(state: ReleaseState) -> None:
    """Raise NotReleased unless the gate has signed the release."""
    if state is not ReleaseState.SIGNED:
        raise NotReleased(state=state.value)


def sees_record(role: Role, state: ReleaseState) -> bool:
    """Whether a role sees the disclosure record: researchers only with the release itself."""
    return role is not Role.RESEARCHER or state is ReleaseState.SIGNED


def sees_decisions(role: Role, state: ReleaseState) -> bool:
    """Whether a role sees who decided and why.

    Researchers never do: a reason may speak of numbers from before control. Checkers do
    when the release is closed, so that neither follows the other.
    """
    return role is not Role.RESEARCHER and state is not ReleaseState.AWAITING


def awaits(role: Role, principal_id: str, *, state: ReleaseState, decided: Collection[str]) -> bool:
    """Whether a release waits for this output checker."""
    waits = state is ReleaseState.AWAITING and principal_id not in decided
    return role is Role.OUTPUT_CHECKER and waits
