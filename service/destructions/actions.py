"""Receiving the withdrawal of a delivery, and what each worker reports of its destruction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from linkage_engine.contract.destruction import (
    DeliveryWithdrawal,
    DestructionCertificate,
    ProjectCertificate,
)
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.refusals import RefusalCode
from service.act import Act
from service.audit.vocabulary import Action, Outcome
from service.destructions.records import (
    Asked,
    Destruction,
    Share,
    destruction_by_id,
    destruction_of_statement,
    latest_of_project,
    share_of,
    table_of,
    visible_destruction,
)
from service.destructions.repetition import DeliveryOrder, Orders
from service.destructions.rules import check_withdrawal
from service.jobs import Job
from service.problems.requests import NotFound
from service.problems.tools import SignatureRefused
from service.problems.withdrawals import DeliveryWithdrawalRefused
from service.projects.actions import permit_for
from service.projects.records import ProjectDestruction, visible_permit
from service.signed import TextType, canonical, verified
from service.submissions.records import Submission, deliveries_like, visible_submission

JOBS = (Job.SHRED_PAYLOAD, Job.SHRED_IDENTIFIERS)


def withdraw_delivery(act: Act, submission_id: str, text: str) -> tuple[Destruction, Submission, bool]:
    """Have what came of a delivery of the caller destroyed, its permit live or not; and whether it is new.

    The same statement again is the same destruction; another one destroys again what is left, which is
    what to do where a worker failed. Raises NotFound, DeliveryWithdrawalRefused.
    """
    assert act.role is not None
    submission = visible_submission(act.session, submission_id, act.actor, act.role)
    if submission is None:
        raise NotFound
    permit = permit_for(act, submission.project_id, live=False)
    check_withdrawal(
        _statement(text, permit, act.actor),
        project_id=submission.project_id,
        provider_id=act.actor,
        delivery_id=submission.delivery_id,
    )
    statement_sha256 = hashlib.sha256(text.encode()).hexdigest()
    known = destruction_of_statement(act.session, statement_sha256)
    entry_id = act.enter(
        Action.SUBMISSION_WITHDRAW,
        submission.id,
        project=submission.project_id,
        kind="again" if known else "new",
        delivery_id=submission.delivery_id,
        counter=submission.counter,
        statement_sha256=statement_sha256,
    )
    if known:
        return known, submission, False
    if submission.withdrawn_at is None:
        submission.withdrawn_at = act.clock()
    made = Destruction(
        id=act.new_id(),
        project_id=submission.project_id,
        provider_id=act.actor,
        submission_id=submission.id,
        statement=text,
        statement_sha256=statement_sha256,
        received_at=act.clock(),
        entry_id=entry_id,
    )
    act.session.add(made)
    act.session.flush()
    for job in JOBS:
        act.enqueue(job, made.id)
    return made, submission, True


def _statement(text: str, permit: Permit, provider_id: str) -> DeliveryWithdrawal:
    party = permit.party(provider_id)
    assert party is not None  # the permit is visible to its parties only
    try:
        return verified(text, (party.signing_key,), TextType.DELIVERY_WITHDRAWAL, DeliveryWithdrawal)
    except SignatureRefused:
        raise DeliveryWithdrawalRefused from None


def read_destruction(act: Act, destruction_id: str, *, kind: str = "state") -> Destruction:
    """Where a destruction stands, and its certificates."""
    assert act.role is not None
    destruction = visible_destruction(act.session, destruction_id, act.actor, act.role)
    if destruction is None:
        raise NotFound
    act.enter(Action.DESTRUCTION_READ, destruction.id, project=destruction.project_id, kind=kind)
    return destruction


def read_project_destruction(act: Act, project_id: str, *, kind: str = "state") -> ProjectDestruction:
    """Where the destruction of a closed project stands, for who serves every project."""
    assert act.role is not None
    permit = visible_permit(act.session, project_id, act.actor, act.role)
    asked = latest_of_project(act.session, project_id) if permit is not None else None
    if asked is None:
        raise NotFound
    act.enter(Action.DESTRUCTION_READ, asked.id, project=project_id, kind=kind)
    return asked


def withdraw_again(act: Act, orders: Orders) -> Sequence[str]:
    """Take what was ordered destroyed out of later runs, in a database that does not know it any more.

    The digests of all its sealed bytes, for who keeps these. Entered by whoever restores, as one act.
    """
    found: list[Submission] = []
    for order in orders.orders:
        named = (order.provider_id, order.delivery_id) if isinstance(order, DeliveryOrder) else None
        found += deliveries_like(act.session, order.project_id, named)
    for submission in found:
        if submission.withdrawn_at is None:
            submission.withdrawn_at = act.clock()
    return [submission.sealed_sha256 for submission in found]


def certify_destruction(
    act: Act, asked: Asked, certificate: DestructionCertificate | ProjectCertificate, signed: str
) -> Share:
    """A worker has destroyed the keys that it kept and signed what they were. Again changes nothing."""
    known = share_of(act.session, asked, certificate.role)
    if known is not None:
        return known
    entry_id = act.enter(
        Action.DESTRUCTION_CERTIFY,
        asked.id,
        project=asked.project_id,
        role=certificate.role,
        count=len(certificate.destroyed),
        statement_sha256=hashlib.sha256(canonical(certificate)).hexdigest(),
    )
    return _settle(act, asked, certificate.role, entry_id, certificate=signed)


def fail_destruction(
    act: Act, form: type[Destruction | ProjectDestruction], destruction_id: str, role: str, code: RefusalCode
) -> Share:
    """A worker cannot destroy what it keeps; the code says why. Again changes nothing."""
    asked = destruction_by_id(act.session, form, destruction_id)
    if asked is None:
        raise NotFound
    known = share_of(act.session, asked, role)
    if known is not None:
        return known
    entry_id = act.enter(
        Action.DESTRUCTION_FAIL,
        asked.id,
        project=asked.project_id,
        outcome=Outcome.FAILED,
        role=role,
        code=code,
    )
    return _settle(act, asked, role, entry_id, code=code)


def _settle(
    act: Act,
    asked: Asked,
    role: str,
    entry_id: str,
    *,
    certificate: str | None = None,
    code: str | None = None,
) -> Share:
    share = table_of(asked)(
        destruction_id=asked.id,
        role=role,
        certificate=certificate,
        code=code,
        settled_at=act.clock(),
        entry_id=entry_id,
    )
    act.session.add(share)
    act.session.flush()
    return share
