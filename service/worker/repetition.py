"""Before a worker takes a job after a restore: what the log says was destroyed is destroyed again."""

from __future__ import annotations

from linkage_engine.contract.destruction import DestroyedKey
from linkage_engine.vault.parquet import Vault
from linkage_engine.vault.shredding import Order, closed_before, destroyed_before, shred_project
from service.audit.vocabulary import Action
from service.destructions.repetition import FILE, DeliveryOrder, Orders, ProjectOrder
from service.worker.destructions import Left, OfProject, Shred
from service.worker.roles import Surroundings


def repeat_destructions(
    vault: Vault, shred: Shred | None, left: Left[OfProject], surroundings: Surroundings
) -> None:
    """Obey every order that a restore laid down, and enter each in the log; nothing where there are none.

    What the vault knows as destroyed already is passed over. Cut anywhere it is done again; a worker that
    cannot do it raises EngineRefusal and takes no job. `shred` is nothing for a role without deliveries.
    """
    path = surroundings.permits.with_name(FILE)
    if not path.exists():
        return
    for order in Orders.model_validate_json(path.read_bytes()).orders:
        destroyed = _destroyed(vault, shred, order)
        if destroyed is not None:
            _enter(order, destroyed, left, surroundings)
    path.unlink()


def _destroyed(
    vault: Vault, shred: Shred | None, order: DeliveryOrder | ProjectOrder
) -> tuple[DestroyedKey, ...] | None:
    if isinstance(order, ProjectOrder):
        if closed_before(vault, order.project_id, order.entry_id):
            return None
        return shred_project(vault, order.project_id, order.entry_id)
    asked = Order(order.entry_id, order.project_id, order.provider_id, order.delivery_id)
    if shred is None or destroyed_before(vault, asked):
        return None
    return shred(asked)


def _enter(
    order: DeliveryOrder | ProjectOrder,
    destroyed: tuple[DestroyedKey, ...],
    left: Left[OfProject],
    surroundings: Surroundings,
) -> None:
    """Remove what lies in the spool of the project, then enter what was done."""
    with surroundings.act() as act:
        removals = list(left(surroundings, act, order))
    for remove in removals:
        remove()
    with surroundings.act() as act:
        act.enter(
            Action.DESTRUCTION_REPEAT,
            order.entry_id,
            project=order.project_id,
            role=surroundings.role.value,
            kind=order.kind,
            count=len(destroyed),
        )
