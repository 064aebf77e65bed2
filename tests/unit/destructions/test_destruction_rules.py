"""When a delivery may be destroyed, and where a destruction stands."""

from __future__ import annotations

import pytest

from service.destructions.rules import DestructionState, check_destroyed, check_withdrawal, state_of
from service.problems.withdrawals import DeliveryWithdrawalRefused, NotDestroyedYet
from tests.factories import PROJECT, a_delivery_withdrawal

DELIVERY = "ab" * 16


@pytest.mark.parametrize(
    ("certified", "failed", "state"),
    [
        ([], False, DestructionState.RECEIVED),
        (["linkage"], False, DestructionState.RECEIVED),
        (["analysis"], False, DestructionState.RECEIVED),
        (["linkage", "analysis"], False, DestructionState.DESTROYED),
        (["linkage"], True, DestructionState.FAILED),
    ],
)
def test_a_delivery_is_destroyed_when_both_workers_certified_it(
    certified: list[str],
    failed: bool,  # noqa: FBT001  # a column of the table
    state: DestructionState,
) -> None:
    assert state_of(certified, failed=failed) is state


@pytest.mark.parametrize("state", set(DestructionState) - {DestructionState.DESTROYED})
def test_there_is_no_certificate_before(state: DestructionState) -> None:
    with pytest.raises(NotDestroyedYet):
        check_destroyed(state)


def test_there_is_a_certificate_afterwards() -> None:
    check_destroyed(DestructionState.DESTROYED)


@pytest.mark.parametrize(
    "changes", [{"project_id": "another"}, {"provider_id": "another"}, {"delivery_id": "cd" * 16}]
)
def test_a_withdrawal_of_something_else_is_refused(changes: dict[str, str]) -> None:
    about = {"project_id": PROJECT, "provider_id": "north", "delivery_id": DELIVERY}
    check_withdrawal(a_delivery_withdrawal("north", DELIVERY), **about)
    with pytest.raises(DeliveryWithdrawalRefused):
        check_withdrawal(a_delivery_withdrawal("north", DELIVERY, **changes), **about)
