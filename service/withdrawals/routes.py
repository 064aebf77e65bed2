"""Withdrawals: persons whom a provider takes out of a project, by a list that only workers open."""

from __future__ import annotations

import base64
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from linkage_engine.contract.value import RandomId, Sha256, Slug, Value
from service.access.admission import Acting, SignedInRoute, Viewing, may
from service.access.permissions import Permission
from service.audit.records import leaf_of
from service.problems.withdrawals import WithdrawalRefused
from service.submissions.remedies import remedy_of
from service.withdrawals import actions
from service.withdrawals.records import Withdrawal
from service.withdrawals.rules import WithdrawalState

router = APIRouter(tags=["withdrawals"], route_class=SignedInRoute)
Sealed = Annotated[
    str, StringConstraints(min_length=1, max_length=1 << 20, pattern=r"^[A-Za-z0-9+/]+={0,2}$")
]
"""An age file in base64."""


class WithdrawalPosted(Value):
    """The provider's signed statement, and the person keys sealed to the linkage and analysis workers."""

    statement: Annotated[str, Field(min_length=1, max_length=1 << 14)]
    """The compact JWS of type `tre-withdrawal+jws`."""
    sealed: Sealed


class WithdrawalShown(Value):
    """A withdrawal and where it stands."""

    withdrawal_id: RandomId
    project_id: Slug
    provider_id: Slug
    persons: int
    statement_sha256: Sha256
    received_at: datetime
    entry_id: RandomId
    log_index: int | None
    """The entry's place in the log's tree; null until it is there."""
    state: WithdrawalState
    code: str | None
    remedy: str | None


def _shown(act: Acting, withdrawal: Withdrawal) -> WithdrawalShown:
    return WithdrawalShown(
        withdrawal_id=withdrawal.id,
        project_id=withdrawal.project_id,
        provider_id=withdrawal.provider_id,
        persons=withdrawal.persons,
        statement_sha256=withdrawal.statement_sha256,
        received_at=withdrawal.received_at,
        entry_id=withdrawal.entry_id,
        log_index=leaf_of(act.session, withdrawal.entry_id),
        state=withdrawal.state,
        code=withdrawal.code,
        remedy=remedy_of(withdrawal.code) if withdrawal.code else None,
    )


@router.post(
    "/projects/{project_id}/withdrawals",
    status_code=HTTPStatus.CREATED,
    dependencies=[may(Permission.WITHDRAWAL_CREATE)],
    responses={HTTPStatus.OK: {"model": WithdrawalShown, "description": "Received before; nothing changed"}},
)
def receive_withdrawal(
    project_id: str, body: WithdrawalPosted, act: Acting, response: Response
) -> WithdrawalShown:
    """Take persons of your own out of a project, for good: tre-provider withdraw."""
    made, new = actions.receive_withdrawal(act, project_id, body.statement, _opened(body.sealed))
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return _shown(act, made)


@router.get("/withdrawals/{withdrawal_id}", dependencies=[may(Permission.WITHDRAWAL_READ)])
def read_withdrawal(withdrawal_id: str, act: Viewing) -> WithdrawalShown:
    """Follow a withdrawal until both workers leave the persons out."""
    return _shown(act, actions.read_withdrawal(act, withdrawal_id))


def _opened(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise WithdrawalRefused from None
