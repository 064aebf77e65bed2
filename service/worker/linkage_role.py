"""The linkage worker: opens identifier parts, links them, hands the crosswalk to analysis."""

from __future__ import annotations

from linkage_engine.boundary import LinkageDoor
from linkage_engine.contract.manifest import IDENTIFIERS, Zone
from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.contract.run_terms import RunTerms
from linkage_engine.contract.statements import HandOverKind
from linkage_engine.sealing.recipient import Recipient
from service.destructions.actions import fail_destruction
from service.destructions.records import Destruction
from service.jobs import Duties, Job
from service.keys import signing_key
from service.linkage_runs.actions import fail_run, finish_run
from service.linkage_runs.records import run_by_id, submissions_of_run
from service.projects.records import ProjectDestruction
from service.settings import LinkageSettings
from service.signed import SigningKey
from service.submissions.actions import part_rejected, part_unsealed
from service.withdrawals.actions import refuse_withdrawal
from service.worker.deliveries import delivery_of, hold_to_newest_of, received, sealed_part
from service.worker.destructions import all_crosswalks, crosswalks, destroy, destroy_project
from service.worker.newest import next_number
from service.worker.permits import permit_of
from service.worker.repetition import repeat_destructions
from service.worker.roles import Surroundings, inside
from service.worker.spark import spark_place
from service.worker.tightenings import tightened_for
from service.worker.withdrawals import withdraw


def duties(settings: LinkageSettings, surroundings: Surroundings) -> Duties:
    """What the linkage worker does."""
    door = LinkageDoor(
        inside(
            settings.linkage_identity,
            settings.linkage_at_rest_key,
            settings.linkage_vault,
            surroundings.random,
        ),
        spark_place(settings),
    )
    hand_over_key = signing_key(settings.linkage_hand_over_key)
    return Duties(
        handlers={
            Job.UNSEAL_IDENTIFIERS: lambda submission_id: unseal(door, surroundings, submission_id),
            Job.WITHDRAW_FROM_LINKAGE: lambda withdrawal_id: withdraw(
                door.withdraw, Zone.LINKAGE, surroundings, withdrawal_id
            ),
            Job.SHRED_IDENTIFIERS: lambda destruction_id: destroy(
                door.shred, crosswalks, hand_over_key, surroundings, destruction_id
            ),
            Job.SHRED_PROJECT_IDENTIFIERS: lambda destruction_id: destroy_project(
                door.inside.vault, all_crosswalks, hand_over_key, surroundings, destruction_id
            ),
            Job.LINK: lambda run_id: link(door, hand_over_key, surroundings, run_id),
        },
        failed=lambda job, subject_id: failed(surroundings, job, subject_id),
        first=lambda: repeat_destructions(door.inside.vault, door.shred, all_crosswalks, surroundings),
    )


def unseal(door: LinkageDoor, surroundings: Surroundings, submission_id: str) -> None:
    """Open the identifier part of a submission and keep it, or say why not."""
    try:
        with surroundings.act() as act:
            delivery = delivery_of(act, surroundings, received(act, submission_id))
        part = delivery.manifest.part(IDENTIFIERS)
        assert part is not None  # the api refuses a delivery without one
        with sealed_part(delivery, part) as sealed:
            rows = door.receive(sealed, delivery.manifest)
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            part_rejected(act, submission_id, IDENTIFIERS, code=refusal.code, counts=refusal.counts)
        return
    with surroundings.act() as act:
        part_unsealed(act, submission_id, IDENTIFIERS, rows=rows)


def link(door: LinkageDoor, key: SigningKey, surroundings: Surroundings, run_id: str) -> None:
    """Link the accepted deliveries of a project and hand the crosswalk over, or say why not."""
    try:
        with surroundings.act() as act:
            run = run_by_id(act.session, run_id)
            assert run is not None  # jobs are enqueued with it
            project_id = run.project_id
            in_full = run.in_full
            permit = permit_of(act, surroundings, project_id, live=True)
            tightened = tightened_for(act, surroundings, permit)
            manifests = [
                delivery_of(act, surroundings, submission).manifest
                for submission in submissions_of_run(act.session, run_id)
            ]
        for manifest in manifests:
            hold_to_newest_of(surroundings, manifest)
        deliveries = {manifest.provider_id: manifest.delivery_id for manifest in manifests}
        linked = door.link(
            project_id,
            run_id,
            deliveries,
            policy=permit.policy,
            terms=RunTerms(
                frozenset(permit.repeating_providers), in_full, permit.engine, tightened, permit.match_rates
            ),
        )
        number = next_number(surroundings.newest / project_id / "crosswalk.json", run_id)
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            fail_run(act, run_id, code=refusal.code)
        return
    receiver = Recipient.parse(str(surroundings.pins.analysis.age_recipient))
    digest = surroundings.hand_overs.send(
        HandOverKind.CROSSWALK,
        project_id=project_id,
        subject_id=run_id,
        key=key,
        write=lambda file: door.seal_crosswalk(linked, file, receiver),
        number=number,
    )
    with surroundings.act() as act:
        finish_run(act, run_id, figures=linked.figures, hand_over_sha256=digest)


def failed(surroundings: Surroundings, job: Job, subject_id: str) -> None:
    """A job went wrong in a way nobody foresaw: its subject says so instead of waiting for ever."""
    with surroundings.act() as act:
        match job:
            case Job.LINK:
                fail_run(act, subject_id, code=RefusalCode.UNFORESEEN)
            case Job.WITHDRAW_FROM_LINKAGE:
                refuse_withdrawal(act, subject_id, Zone.LINKAGE, RefusalCode.UNFORESEEN)
            case Job.SHRED_IDENTIFIERS:
                fail_destruction(act, Destruction, subject_id, Zone.LINKAGE, RefusalCode.UNFORESEEN)
            case Job.SHRED_PROJECT_IDENTIFIERS:
                fail_destruction(act, ProjectDestruction, subject_id, Zone.LINKAGE, RefusalCode.UNFORESEEN)
            case _:
                part_rejected(act, subject_id, IDENTIFIERS, code=RefusalCode.UNFORESEEN, counts={})
