"""When a delivery may be destroyed, and where a destruction stands."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from linkage_engine.contract.destruction import DeliveryWithdrawal
from service.problems.withdrawals import DeliveryWithdrawalRefused, NotDestroyedYet

SHREDDERS = frozenset({"linkage", "analysis"})
"""The workers that keep what comes of a delivery."""
PROJECT_SHREDDERS = SHREDDERS | {"gate"}
"""The workers that keep something of a project."""


class DestructionState(StrEnum):
    """Where a destruction stands."""

    RECEIVED = "received"
    DESTROYED = "destroyed"
    """Every worker that kept something has certified it."""
    FAILED = "failed"
    """A worker could not; what it keeps it keeps. To be asked for again."""


def state_of(
    certified: Collection[str], *, failed: bool, needed: Collection[str] = SHREDDERS
) -> DestructionState:
    """What the workers' reports come to: a failure by one stands, whatever the other has done."""
    if failed:
        return DestructionState.FAILED
    return DestructionState.DESTROYED if set(certified) >= set(needed) else DestructionState.RECEIVED


def check_withdrawal(
    statement: DeliveryWithdrawal, *, project_id: str, provider_id: str, delivery_id: str
) -> None:
    """Raise DeliveryWithdrawalRefused unless the statement is this provider's, about this very delivery."""
    if (statement.project_id, statement.provider_id, statement.delivery_id) != (
        project_id,
        provider_id,
        delivery_id,
    ):
        raise DeliveryWithdrawalRefused


def check_destroyed(state: DestructionState) -> None:
    """Raise NotDestroyedYet unless every worker has certified it."""
    if state is not DestructionState.DESTROYED:
        raise NotDestroyedYet(state=state.value)
