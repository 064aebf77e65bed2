"""A destruction as a worker believes it: the provider signed it; what went is noted, destroyed, certified."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Protocol, TypeVar

from linkage_engine.contract.destruction import DestroyedKey, DestructionCertificate, ProjectCertificate
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, RefusalCode
from linkage_engine.contract.statements import HandOverKind
from linkage_engine.vault.parquet import Vault
from linkage_engine.vault.shredding import Order, shred_project
from service.act import Act
from service.destructions.actions import certify_destruction, fail_destruction
from service.destructions.records import Asked, Destruction, destruction_by_id, runs_of, share_of
from service.linkage_runs.records import run_ids
from service.projects.records import ProjectDestruction
from service.queries.records import query_ids
from service.releases.package import remove_evidence
from service.signed import SigningKey, TextType, sign
from service.worker import trust
from service.worker.permits import permit_of
from service.worker.roles import Surroundings

Shred = Callable[[Order], tuple[DestroyedKey, ...]]
"""A door's way of destroying what it keeps of a delivery."""
A = TypeVar("A", Destruction, ProjectDestruction)


class OfProject(Protocol):
    """Anything that belongs to a project."""

    @property
    def project_id(self) -> str:
        """The project's id."""


B = TypeVar("B")
Removals = list[Callable[[], None]]
Left = Callable[[Surroundings, Act, B], Iterable[Callable[[], None]]]
"""What a worker left in the spool beside its vault: how each file is removed."""


def destroy(
    shred: Shred, left: Left[Destruction], key: SigningKey, surroundings: Surroundings, destruction_id: str
) -> None:
    """Destroy what this worker keeps of a delivery, if its provider signed that, and certify it."""
    role = surroundings.role.value
    try:
        found = _asked(surroundings, Destruction, destruction_id, left)
        if found is None:
            return
        destruction, permit, removals = found
        asked = trust.delivery_withdrawal(destruction.statement, permit)
        destroyed = shred(Order(destruction_id, asked.project_id, asked.provider_id, asked.delivery_id))
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            fail_destruction(act, Destruction, destruction_id, role, refusal.code)
        return
    certificate = DestructionCertificate(
        destruction_id=destruction_id,
        project_id=asked.project_id,
        provider_id=asked.provider_id,
        delivery_id=asked.delivery_id,
        role=role,
        statement_sha256=hashlib.sha256(destruction.statement.encode()).hexdigest(),
        destroyed=destroyed,
        destroyed_at=surroundings.clock(),
    )
    _certify(surroundings, destruction, certificate, key, removals)


def destroy_project(
    vault: Vault,
    left: Left[ProjectDestruction],
    key: SigningKey,
    surroundings: Surroundings,
    destruction_id: str,
) -> None:
    """Destroy all that this worker keeps of a project, if governance signed that it is closed; certify it."""
    role = surroundings.role.value
    try:
        found = _asked(surroundings, ProjectDestruction, destruction_id, left)
        if found is None:
            return
        destruction, permit, removals = found
        if permit.closed_on is None:
            raise NotTrusted(RefusalCode.SIGNATURE_INVALID)
        destroyed = shred_project(vault, permit.project_id, destruction_id)
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            fail_destruction(act, ProjectDestruction, destruction_id, role, refusal.code)
        return
    certificate = ProjectCertificate(
        destruction_id=destruction_id,
        project_id=permit.project_id,
        role=role,
        statement_sha256=destruction.permit_sha256,
        destroyed=destroyed,
        destroyed_at=surroundings.clock(),
    )
    _certify(surroundings, destruction, certificate, key, removals)


def _asked(
    surroundings: Surroundings, form: type[A], destruction_id: str, left: Left[A]
) -> tuple[A, Permit, Removals] | None:
    """What is asked for, under which permit, and the files that go too; nothing where it was settled."""
    with surroundings.act() as act:
        asked = destruction_by_id(act.session, form, destruction_id)
        assert asked is not None  # jobs are enqueued with it
        if share_of(act.session, asked, surroundings.role.value) is not None:
            return None
        permit = permit_of(act, surroundings, asked.project_id, live=False)
        return asked, permit, list(left(surroundings, act, asked))


def _certify(
    surroundings: Surroundings,
    asked: Asked,
    certificate: DestructionCertificate | ProjectCertificate,
    key: SigningKey,
    removals: Removals,
) -> None:
    """Remove what is left in the spool, then sign."""
    for remove in removals:
        remove()
    with surroundings.act() as act:
        certify_destruction(act, asked, certificate, sign(certificate, key, TextType.DESTRUCTION))


def crosswalks(
    surroundings: Surroundings, act: Act, destruction: Destruction
) -> Iterator[Callable[[], None]]:
    """What linkage handed over of a delivery: the crosswalk of each run that it was in."""
    for run_id, _ in runs_of(act.session, destruction.submission_id):
        yield partial(surroundings.hand_overs.remove, HandOverKind.CROSSWALK, run_id)


def all_crosswalks(
    surroundings: Surroundings, act: Act, destruction: OfProject
) -> Iterator[Callable[[], None]]:
    """What linkage handed over in a project."""
    for run_id in run_ids(act.session, destruction.project_id):
        yield partial(surroundings.hand_overs.remove, HandOverKind.CROSSWALK, run_id)


def answers(surroundings: Surroundings, act: Act, destruction: OfProject) -> Iterator[Callable[[], None]]:
    """What analysis handed over in the project: the gate has decided what it needs of it, or fails."""
    for query_id in query_ids(act.session, destruction.project_id):
        for kind in (HandOverKind.AGGREGATES, HandOverKind.POPULATIONS):
            yield partial(surroundings.hand_overs.remove, kind, query_id)


def evidence(surroundings: Surroundings, act: Act, destruction: OfProject) -> Iterator[Callable[[], None]]:
    """What the gate sealed to checkers in a project; signed releases stay."""
    for query_id in query_ids(act.session, destruction.project_id):
        yield partial(remove_evidence, surroundings.spool, query_id)
