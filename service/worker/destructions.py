"""A destruction as a worker believes it: the provider signed it; what went is noted, destroyed, certified."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from linkage_engine.contract.destruction import DestroyedKey, DestructionCertificate
from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.contract.statements import HandOverKind
from linkage_engine.vault.shredding import Order
from service.act import Act
from service.destructions.actions import certify_destruction, fail_destruction
from service.destructions.records import Destruction, destruction_by_id, runs_of, share_of
from service.queries.records import query_ids
from service.signed import SigningKey, TextType, sign
from service.worker import trust
from service.worker.permits import permit_of
from service.worker.roles import Surroundings

Shred = Callable[[Order], tuple[DestroyedKey, ...]]
"""A door's way of destroying what it keeps of a delivery."""
HandedOver = Callable[[Act, Destruction], Iterator[tuple[HandOverKind, str]]]
"""The files in the spool that a worker handed over and that may hold the delivery."""


def destroy(
    shred: Shred, handed_over: HandedOver, key: SigningKey, surroundings: Surroundings, destruction_id: str
) -> None:
    """Destroy what this worker keeps of a delivery, if its provider signed that, and certify it."""
    role = surroundings.role.value
    try:
        with surroundings.act() as act:
            destruction = destruction_by_id(act.session, destruction_id)
            assert destruction is not None  # jobs are enqueued with it
            if share_of(act.session, destruction_id, role) is not None:
                return
            permit = permit_of(act, surroundings, destruction.project_id, live=False)
            text = destruction.statement
            asked = trust.delivery_withdrawal(text, permit)
            files = list(handed_over(act, destruction))
        order = Order(destruction_id, asked.project_id, asked.provider_id, asked.delivery_id)
        destroyed = shred(order)
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            fail_destruction(act, destruction_id, role, refusal.code)
        return
    for kind, subject_id in files:
        surroundings.hand_overs.remove(kind, subject_id)
    certificate = DestructionCertificate(
        destruction_id=destruction_id,
        project_id=asked.project_id,
        provider_id=asked.provider_id,
        delivery_id=asked.delivery_id,
        role=role,
        statement_sha256=hashlib.sha256(text.encode()).hexdigest(),
        destroyed=destroyed,
        destroyed_at=surroundings.clock(),
    )
    with surroundings.act() as act:
        certify_destruction(act, certificate, sign(certificate, key, TextType.DESTRUCTION))


def crosswalks(act: Act, destruction: Destruction) -> Iterator[tuple[HandOverKind, str]]:
    """What linkage handed over of a delivery: the crosswalk of each run that it was in."""
    return ((HandOverKind.CROSSWALK, run_id) for run_id, _ in runs_of(act.session, destruction.submission_id))


def answers(act: Act, destruction: Destruction) -> Iterator[tuple[HandOverKind, str]]:
    """What analysis handed over in the project: the gate has decided what it needs of it, or fails."""
    for query_id in query_ids(act.session, destruction.project_id):
        yield HandOverKind.AGGREGATES, query_id
        yield HandOverKind.POPULATIONS, query_id
