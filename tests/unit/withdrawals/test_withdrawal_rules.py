"""Withdrawals as a table."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from linkage_engine.contract.statements import MOST_WITHDRAWN
from service.problems.withdrawals import WithdrawalRefused
from service.withdrawals.rules import WithdrawalState, check_withdrawal, state_of
from tests.factories import a_withdrawal


@pytest.mark.parametrize(
    ("linkage", "analysis", "code", "state"),
    [
        (False, False, None, WithdrawalState.RECEIVED),
        (True, False, None, WithdrawalState.RECEIVED),
        (False, True, None, WithdrawalState.RECEIVED),
        (True, True, None, WithdrawalState.IN_FORCE),
        (False, True, "signature-invalid", WithdrawalState.REFUSED),
        (False, False, "unforeseen", WithdrawalState.REFUSED),
    ],
)
def test_a_withdrawal_is_in_force_once_both_workers_keep_it(
    *, linkage: bool, analysis: bool, code: str | None, state: WithdrawalState
) -> None:
    assert state_of(linkage_kept=linkage, analysis_kept=analysis, code=code) is state


def test_a_withdrawal_is_the_callers_about_this_project_and_these_bytes() -> None:
    made = a_withdrawal("north", b"sealed")
    right = {"project_id": made.project_id, "provider_id": "north", "sealed_sha256": made.sealed_sha256}
    check_withdrawal(made, **right)
    for name, wrong in (("project_id", "other"), ("provider_id", "south"), ("sealed_sha256", "0" * 64)):
        with pytest.raises(WithdrawalRefused):
            check_withdrawal(made, **right | {name: wrong})


@pytest.mark.parametrize("persons", [0, -1, MOST_WITHDRAWN + 1])
def test_nobody_and_too_many_at_once_are_no_withdrawal(persons: int) -> None:
    with pytest.raises(ValidationError):
        a_withdrawal("north", b"sealed", persons=persons)
