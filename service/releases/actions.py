"""Opening a release, deciding on it, signing it, fetching it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from linkage_engine.contract.controlled_table import PublishedRecord
from linkage_engine.contract.permit import Party, Permit, PublicKey
from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.statements import Decision, Verdict
from service.access.records import Way
from service.act import Act
from service.asserted import is_asserted, read_asserted, verified_assertion
from service.audit.log import is_in_tree
from service.audit.vocabulary import Action, Outcome
from service.jobs import Job
from service.people.records import method_by_identifier
from service.problems.requests import NotFound, NotReady
from service.problems.results import DecisionRefused, NoPasskey, NotReleased
from service.problems.tools import SignatureRefused
from service.projects.actions import permit_for
from service.queries.actions import controlled
from service.releases import rules
from service.releases.package import evidence_path, package_bytes
from service.releases.records import (
    Release,
    ReleaseDecision,
    decisions_on,
    release_by_id,
    visible_release,
    visible_releases,
)
from service.releases.rules import ReleaseEvent, ReleaseState, next_state
from service.signed import TextType, verified


class ToSign(NamedTuple):
    """A decision that waits for a passkey."""

    decision: Decision
    credential_ids: tuple[str, ...]


ALL = "all"
"""The subject of reading a list."""


def open_release(
    act: Act, query_id: str, *, evidence_sha256: str, table_sha256: str, record: PublishedRecord
) -> ReleaseState:
    """The gate has controlled an answer: output checkers may decide. Doing it again changes nothing."""
    known = release_by_id(act.session, query_id)
    if known is not None:
        return known.state
    query, changed = controlled(act, query_id)
    if not changed:
        raise NotFound
    release = Release(
        id=query.id,
        project_id=query.project_id,
        author_id=query.asked_by,
        evidence_sha256=evidence_sha256,
        table_sha256=table_sha256,
        record=record.model_dump(mode="json"),
        state=ReleaseState.AWAITING,
        opened_at=act.clock(),
    )
    act.session.add(release)
    act.enter(
        Action.TABLE_CONTROL,
        release.id,
        project=release.project_id,
        evidence_sha256=evidence_sha256,
        table_sha256=table_sha256,
        policy=record.policy,
        policy_version=record.policy_version,
        cells=record.cells,
        cells_hidden=record.cells_hidden,
    )
    return release.state


def decide(act: Act, release_id: str, decision_text: str) -> Release:
    """An output checker decides. Two approvals approve a release, one refusal refuses it.

    Raises OwnRequest, AlreadyDecided, DecisionRefused; PermitNotLive, GrantNotLive, StandingNotLive.
    """
    release = _visible(act, release_id)
    permit = permit_for(act, release.project_id, live=True)
    made = decisions_on(act.session, release.id)
    rules.check_may_decide(
        permit, act.actor, release.author_id, state=release.state, decided=[d.checker_id for d in made]
    )
    decision = _decision(act, decision_text, permit)
    rules.check_about(
        decision,
        release_id=release.id,
        project_id=release.project_id,
        checker_id=act.actor,
        evidence_sha256=release.evidence_sha256,
    )
    digest = hashlib.sha256(decision_text.encode()).hexdigest()
    act.session.add(
        ReleaseDecision(
            release_id=release.id,
            checker_id=act.actor,
            author_id=release.author_id,
            verdict=decision.verdict,
            reason=decision.reason,
            decision=decision_text,
            decision_sha256=digest,
            decided_at=act.clock(),
        )
    )
    act.session.flush()  # the database counts approvals when the release's state changes
    act.enter(
        Action.RELEASE_DECIDE,
        release.id,
        project=release.project_id,
        outcome=Outcome.REFUSED if decision.verdict is Verdict.REFUSE else Outcome.DONE,
        verdict=decision.verdict.value,
        decision_sha256=digest,
        evidence_sha256=release.evidence_sha256,
    )
    _settle(act, release, [*(d.verdict for d in made), decision.verdict])
    act.session.flush()
    return release


def decision_to_sign(act: Act, release_id: str, *, verdict: Verdict, reason: str, evidence: str) -> ToSign:
    """What a checker's passkey is to sign: a decision on the evidence of that digest, and which passkeys may.

    Raises like `decide`; NoPasskey where the permit names none for the caller. It is kept nowhere.
    """
    release = _visible(act, release_id)
    permit = permit_for(act, release.project_id, live=True)
    decided = [each.checker_id for each in decisions_on(act.session, release.id)]
    rules.check_may_decide(permit, act.actor, release.author_id, state=release.state, decided=decided)
    party = permit.party(act.actor)
    assert party is not None  # rules.check_may_decide
    if not party.passkeys:
        raise NoPasskey
    if evidence != release.evidence_sha256:
        raise DecisionRefused
    decision = Decision(
        release_id=release.id,
        project_id=release.project_id,
        checker_id=act.actor,
        verdict=verdict,
        evidence_sha256=evidence,
        reason=reason,
        decided_at=act.clock(),
    )
    act.enter(Action.RELEASE_READ, release.id, project=release.project_id, kind="decision")
    return ToSign(decision, tuple(each.credential_id for each in party.passkeys))


def _decision(act: Act, text: str, permit: Permit) -> Decision:
    party = permit.party(act.actor)
    assert party is not None  # rules.check_may_decide
    if is_asserted(text):
        return _asserted(act, text, party)
    try:
        return verified(text, (party.signing_key,), TextType.DECISION, Decision)
    except SignatureRefused:
        raise DecisionRefused from None


def _asserted(act: Act, text: str, party: Party) -> Decision:
    """The decision of a passkey that the permit names and its owner still has; each count serves once."""
    try:
        asserted = read_asserted(text)
        use = verified_assertion(asserted, party.passkeys)
    except SignatureRefused:
        raise DecisionRefused from None
    held = method_by_identifier(act.session, Way.PASSKEY, use.credential_id)
    rules.check_use(
        asserted.decision,
        act.clock(),
        counter=use.counter,
        last=held.counter if held is not None and held.principal_id == act.actor else None,
    )
    assert held is not None  # rules.check_use
    held.counter = use.counter
    return asserted.decision


def _settle(act: Act, release: Release, verdicts: list[Verdict]) -> None:
    event = rules.event_of(verdicts)
    state = None if event is None else next_state(release.state, event)
    if state is None:
        return
    release.state = state
    release.settled_at = act.clock()
    if state is ReleaseState.APPROVED:
        act.session.flush()
        act.enqueue(Job.SIGN_RELEASE, release.id)


def sign_release(act: Act, release_id: str, *, statement: str, statement_sha256: str) -> ReleaseState:
    """The gate has signed what two people approved. Doing it again changes nothing.

    `statement` is the compact JWS, `statement_sha256` the digest of its payload.
    """
    release = release_by_id(act.session, release_id)
    if release is None:
        raise NotFound
    state = next_state(release.state, ReleaseEvent.SIGNED)
    if state is not None:
        release.state = state
        release.statement = statement
        release.settled_at = act.clock()
        release.entry_id = act.enter(
            Action.RELEASE_SIGN, release.id, project=release.project_id, statement_sha256=statement_sha256
        )
    return release.state


def fail_release(act: Act, release_id: str, code: RefusalCode) -> ReleaseState:
    """The gate will not sign what was approved; the code says why. Doing it again changes nothing."""
    release = release_by_id(act.session, release_id)
    if release is None:
        raise NotFound
    state = next_state(release.state, ReleaseEvent.FAILED)
    if state is not None:
        release.state = state
        release.code = code.value
        release.settled_at = act.clock()
        act.enter(
            Action.RELEASE_SIGN,
            release.id,
            project=release.project_id,
            outcome=Outcome.FAILED,
            code=code.value,
        )
    return release.state


def list_releases(act: Act) -> list[Release]:
    """The releases that the caller may see, those that await the caller first."""
    assert act.role is not None
    act.enter(Action.RELEASE_READ, ALL, kind="list")
    return list(visible_releases(act.session, act.actor, act.role))


def read_release(act: Act, release_id: str) -> Release:
    """Where a release stands."""
    release = _visible(act, release_id)
    act.enter(Action.RELEASE_READ, release.id, project=release.project_id, kind="state")
    return release


def read_evidence(act: Act, release_id: str, spool: Path) -> bytes:
    """The sealed evidence that the gate made for this output checker."""
    release = _visible(act, release_id)
    path = evidence_path(spool, release.id, act.actor)
    if not path.is_file():
        raise NotFound
    act.enter(Action.EVIDENCE_READ, release.id, project=release.project_id)
    return path.read_bytes()


def read_package(act: Act, release_id: str, spool: Path, release_keys: tuple[PublicKey, ...]) -> bytes:
    """The release package as one zip file, once its signing is under a checkpoint of the log.

    Raises NotReleased before.
    """
    release = _visible(act, release_id)
    rules.check_signed(release.state)
    assert release.entry_id is not None
    if not is_in_tree(act.session, release.entry_id):
        raise NotReleased(state="waiting-for-the-log")
    act.enter(Action.RELEASE_READ, release.id, project=release.project_id, kind="package")
    try:
        return package_bytes(act.session, release, spool, release_keys)
    except (OSError, SignatureRefused):
        raise NotReady from None


def _visible(act: Act, release_id: str) -> Release:
    assert act.role is not None
    release = visible_release(act.session, release_id, act.actor, act.role)
    if release is None:
        raise NotFound
    return release
