"""The orders of a log: withdrawals and closings, each once, nothing else."""

from __future__ import annotations

from service.audit.entry import Entry
from service.audit.vocabulary import Action
from service.destructions.repetition import DeliveryOrder, Orders, ProjectOrder, orders_of

IDS = [f"{number:032x}" for number in range(4)]


def an_entry(entry_id: str, action: Action, subject: str, **detail: str) -> Entry:
    return Entry(
        entry_id=entry_id,
        at="2026-11-02T09:00:00.000000Z",
        action=action,
        actor="north-trust",
        subject=subject,
        project="cancer-audit",
        detail={**detail},
    )


def test_a_withdrawal_counts_once_and_a_closing_is_of_its_project() -> None:
    delivery_id = "cd" * 16
    orders = orders_of(
        [
            an_entry(IDS[0], Action.SUBMISSION_WITHDRAW, "s-1", kind="new", delivery_id=delivery_id),
            an_entry(IDS[1], Action.SUBMISSION_WITHDRAW, "s-1", kind="again", delivery_id=delivery_id),
            an_entry(IDS[2], Action.QUERY_ASK, "q-1"),
            an_entry(IDS[3], Action.PROJECT_CLOSE, "cancer-audit"),
        ]
    )
    assert orders.orders == (
        DeliveryOrder(
            entry_id=IDS[0], project_id="cancer-audit", provider_id="north-trust", delivery_id=delivery_id
        ),
        ProjectOrder(entry_id=IDS[3], project_id="cancer-audit"),
    )
    assert Orders.model_validate_json(orders.to_json()) == orders
