"""Receiving a withdrawal, and what both workers report of it."""

from __future__ import annotations

import hashlib

from linkage_engine.contract import statements
from linkage_engine.contract.manifest import Zone
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.refusals import RefusalCode
from service.act import Act
from service.audit.vocabulary import Action, Outcome
from service.jobs import Job
from service.problems.requests import NotFound
from service.problems.tools import SignatureRefused
from service.problems.withdrawals import WithdrawalRefused
from service.projects.actions import permit_for
from service.signed import TextType, verified
from service.withdrawals.records import (
    Withdrawal,
    visible_withdrawal,
    withdrawal_by_id,
    withdrawal_of_statement,
)
from service.withdrawals.rules import check_withdrawal

WITHDRAWERS = (Job.WITHDRAW_FROM_ANALYSIS, Job.WITHDRAW_FROM_LINKAGE)


def receive_withdrawal(act: Act, project_id: str, text: str, sealed: bytes) -> tuple[Withdrawal, bool]:
    """Have persons of the caller taken out of a project, its permit live or not; and whether it is new.

    The same statement again is the same withdrawal. Raises WithdrawalRefused.
    """
    permit = permit_for(act, project_id, live=False)
    digest = hashlib.sha256(sealed).hexdigest()
    statement = _statement(text, permit, act.actor)
    check_withdrawal(statement, project_id=project_id, provider_id=act.actor, sealed_sha256=digest)
    statement_sha256 = hashlib.sha256(text.encode()).hexdigest()
    known = withdrawal_of_statement(act.session, statement_sha256)
    withdrawal_id = known.id if known else act.new_id()
    entry_id = act.enter(
        Action.WITHDRAWAL_RECEIVE,
        withdrawal_id,
        project=project_id,
        kind="again" if known else "new",
        count=statement.persons,
        statement_sha256=statement_sha256,
        sealed_sha256=digest,
    )
    if known:
        return known, False
    made = Withdrawal(
        id=withdrawal_id,
        project_id=project_id,
        provider_id=act.actor,
        statement=text,
        statement_sha256=statement_sha256,
        sealed=sealed,
        persons=statement.persons,
        received_at=act.clock(),
        entry_id=entry_id,
    )
    act.session.add(made)
    act.session.flush()
    for job in WITHDRAWERS:
        act.enqueue(job, made.id)
    return made, True


def _statement(text: str, permit: Permit, provider_id: str) -> statements.Withdrawal:
    party = permit.party(provider_id)
    assert party is not None  # the permit is visible to its parties only
    try:
        return verified(text, (party.signing_key,), TextType.WITHDRAWAL, statements.Withdrawal)
    except SignatureRefused:
        raise WithdrawalRefused from None


def read_withdrawal(act: Act, withdrawal_id: str) -> Withdrawal:
    """Where a withdrawal stands."""
    assert act.role is not None
    withdrawal = visible_withdrawal(act.session, withdrawal_id, act.actor, act.role)
    if withdrawal is None:
        raise NotFound
    act.enter(Action.WITHDRAWAL_READ, withdrawal.id, project=withdrawal.project_id)
    return withdrawal


def keep_withdrawal(act: Act, withdrawal_id: str, zone: Zone) -> Withdrawal:
    """A worker leaves the persons out from now on. Doing it again changes nothing."""
    withdrawal = _withdrawal(act, withdrawal_id)
    if not _kept(withdrawal, zone):
        if zone is Zone.LINKAGE:
            withdrawal.linkage_kept = True
        else:
            withdrawal.analysis_kept = True
        act.enter(Action.WITHDRAWAL_KEEP, withdrawal.id, project=withdrawal.project_id, kind=zone)
    return withdrawal


def refuse_withdrawal(act: Act, withdrawal_id: str, zone: Zone, code: RefusalCode) -> Withdrawal:
    """A worker cannot do what the withdrawal says; the code says why. What it keeps it keeps."""
    withdrawal = _withdrawal(act, withdrawal_id)
    if withdrawal.code is None and not _kept(withdrawal, zone):
        withdrawal.code = code
        act.enter(
            Action.WITHDRAWAL_REFUSE,
            withdrawal.id,
            project=withdrawal.project_id,
            outcome=Outcome.REFUSED,
            kind=zone,
            code=code,
        )
    return withdrawal


def _kept(withdrawal: Withdrawal, zone: Zone) -> bool:
    return withdrawal.linkage_kept if zone is Zone.LINKAGE else withdrawal.analysis_kept


def _withdrawal(act: Act, withdrawal_id: str) -> Withdrawal:
    withdrawal = withdrawal_by_id(act.session, withdrawal_id)
    if withdrawal is None:
        raise NotFound
    return withdrawal
