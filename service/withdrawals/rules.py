"""When a withdrawal may be received, and where it stands."""

from __future__ import annotations

from enum import StrEnum

from linkage_engine.contract.statements import Withdrawal
from service.problems.withdrawals import WithdrawalRefused


class WithdrawalState(StrEnum):
    """Where a withdrawal stands."""

    RECEIVED = "received"
    IN_FORCE = "in-force"
    """The analysis worker leaves the persons out of every answer, the linkage worker out of every run."""
    REFUSED = "refused"


def state_of(*, linkage_kept: bool, analysis_kept: bool, code: str | None) -> WithdrawalState:
    """What both workers' reports come to: a refusal by one stands, whatever the other has done."""
    if code is not None:
        return WithdrawalState.REFUSED
    return WithdrawalState.IN_FORCE if linkage_kept and analysis_kept else WithdrawalState.RECEIVED


def check_withdrawal(statement: Withdrawal, *, project_id: str, provider_id: str, sealed_sha256: str) -> None:
    """Raise WithdrawalRefused unless the statement is this provider's, about this project and these bytes."""
    said = (statement.project_id, statement.provider_id, statement.sealed_sha256)
    if said != (project_id, provider_id, sealed_sha256):
        raise WithdrawalRefused
