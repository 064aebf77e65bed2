"""What was ordered destroyed, as the log has it: repeated by each worker after a backup was restored.

A backup brings back what was destroyed after it was made. So an installation that is restored lays the
orders of the whole log into each worker's own folder, and the worker obeys them before it takes a job.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from linkage_engine.contract.value import RandomId, Slug, Value
from service.audit.entry import Entry
from service.audit.vocabulary import Action

FILE = "destructions-to-repeat.json"
"""Its name in the folder of a worker's vault; there until every order in it is obeyed."""


class DeliveryOrder(Value):
    """A provider withdrew this delivery."""

    kind: Literal["delivery"] = "delivery"
    entry_id: RandomId
    """The audit entry of the withdrawal."""
    project_id: Slug
    provider_id: Slug
    delivery_id: RandomId


class ProjectOrder(Value):
    """Governance closed this project."""

    kind: Literal["project"] = "project"
    entry_id: RandomId
    """The audit entry of the closing."""
    project_id: Slug


class Orders(Value):
    """Every order of a log, oldest first."""

    destructions_to_repeat: Literal[1] = 1
    orders: tuple[DeliveryOrder | ProjectOrder, ...]


def orders_of(entries: Iterable[Entry]) -> Orders:
    """Each withdrawal of a delivery and each closing of a project, once, in the log's order."""
    return Orders(orders=tuple(_orders(entries)))


def _orders(entries: Iterable[Entry]) -> Iterator[DeliveryOrder | ProjectOrder]:
    for entry in entries:
        match entry.action:
            case Action.SUBMISSION_WITHDRAW if entry.detail["kind"] == "new":
                yield DeliveryOrder(
                    entry_id=entry.entry_id,
                    project_id=str(entry.project),
                    provider_id=entry.actor,
                    delivery_id=str(entry.detail["delivery_id"]),
                )
            case Action.PROJECT_CLOSE:
                yield ProjectOrder(entry_id=entry.entry_id, project_id=entry.subject)
            case _:
                pass
