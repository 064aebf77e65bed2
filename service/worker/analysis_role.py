"""The analysis worker: opens payload parts, keeps the crosswalk, answers questions to the gate."""

from __future__ import annotations

from collections.abc import Mapping

from linkage_engine.boundary import AnalysisDoor
from linkage_engine.contract.manifest import Part, Zone
from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.contract.statements import HandOverKind
from linkage_engine.sealing.recipient import Recipient
from service.destructions.actions import fail_destruction
from service.destructions.records import Destruction
from service.jobs import Duties, Job
from service.keys import signing_key
from service.linkage_runs.actions import crosswalk_received, fail_run
from service.linkage_runs.records import run_by_id
from service.projects.records import ProjectDestruction
from service.queries.actions import answered, fail_query
from service.queries.records import query_by_id
from service.queries.rules import WAYS, QueryKind
from service.settings import AnalysisSettings
from service.signed import SigningKey
from service.submissions.actions import part_rejected, part_unsealed
from service.submissions.records import parts_of
from service.withdrawals.actions import refuse_withdrawal
from service.worker import trust
from service.worker.deliveries import Delivery, delivery_of, received, sealed_part
from service.worker.destructions import answers, destroy, destroy_project
from service.worker.permits import permit_of
from service.worker.repetition import repeat_destructions
from service.worker.roles import Surroundings, inside
from service.worker.withdrawals import withdraw

HANDED: Mapping[QueryKind, HandOverKind] = {
    QueryKind.QUERY: HandOverKind.AGGREGATES,
    QueryKind.PREFLIGHT: HandOverKind.POPULATIONS,
}
"""What the gate is handed for each kind of question."""


def duties(settings: AnalysisSettings, surroundings: Surroundings) -> Duties:
    """What the analysis worker does."""
    door = AnalysisDoor(
        inside(
            settings.analysis_identity,
            settings.analysis_at_rest_key,
            settings.analysis_vault,
            surroundings.random,
        )
    )
    key = signing_key(settings.analysis_hand_over_key)
    seconds = settings.query_seconds
    return Duties(
        handlers={
            Job.UNSEAL_PAYLOAD: lambda submission_id: unseal(door, surroundings, submission_id),
            Job.WITHDRAW_FROM_ANALYSIS: lambda withdrawal_id: withdraw(
                door.withdraw, Zone.ANALYSIS, surroundings, withdrawal_id
            ),
            Job.SHRED_PAYLOAD: lambda destruction_id: destroy(
                door.shred, answers, key, surroundings, destruction_id
            ),
            Job.SHRED_PROJECT_PAYLOAD: lambda destruction_id: destroy_project(
                door.inside.vault, answers, key, surroundings, destruction_id
            ),
            Job.RECEIVE_CROSSWALK: lambda run_id: receive_crosswalk(door, surroundings, run_id),
            Job.ANSWER: lambda query_id: answer(door, key, surroundings, query_id, seconds=seconds),
            Job.COUNT_POPULATIONS: lambda query_id: answer(
                door, key, surroundings, query_id, seconds=seconds, kind=QueryKind.PREFLIGHT
            ),
        },
        failed=lambda job, subject_id: failed(surroundings, job, subject_id),
        first=lambda: repeat_destructions(door.inside.vault, door.shred, answers, surroundings),
    )


def unseal(door: AnalysisDoor, surroundings: Surroundings, submission_id: str) -> None:
    """Open every payload part of a submission and keep what is valid, or say why not."""
    with surroundings.act() as act:
        submission = received(act, submission_id)
        waiting = [p.name for p in parts_of(act.session, submission_id) if p.zone is Zone.ANALYSIS]
        try:
            delivery = delivery_of(act, surroundings, submission)
        except EngineRefusal as refusal:
            for name in waiting:
                part_rejected(act, submission_id, name, code=refusal.code, counts=refusal.counts)
            return
    for part in door.in_order(delivery.manifest):
        _unseal_part(door, surroundings, submission_id, delivery, part)


def _unseal_part(
    door: AnalysisDoor, surroundings: Surroundings, submission_id: str, delivery: Delivery, part: Part
) -> None:
    try:
        with sealed_part(delivery, part) as sealed:
            report = door.receive(sealed, delivery.manifest, part.name)
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            part_rejected(act, submission_id, part.name, code=refusal.code, counts=refusal.counts)
        return
    with surroundings.act() as act:
        if report.passed:
            part_unsealed(act, submission_id, part.name, rows=report.rows, report=report)
        else:
            part_rejected(
                act, submission_id, part.name, code=RefusalCode.ROWS_INVALID, counts={}, report=report
            )


def receive_crosswalk(door: AnalysisDoor, surroundings: Surroundings, run_id: str) -> None:
    """Take the crosswalk of a linkage run, if the linkage worker signed it."""
    sender = surroundings.pins.linkage.hand_over_key
    assert sender is not None  # set-up pins one
    try:
        with surroundings.act() as act:
            run = run_by_id(act.session, run_id)
            assert run is not None  # jobs are enqueued with it
            project_id = run.project_id
        with surroundings.hand_overs.receive(
            HandOverKind.CROSSWALK,
            project_id=project_id,
            subject_id=run_id,
            sender=sender,
            newest=surroundings.newest / project_id / "crosswalk.json",
        ) as sealed:
            records = door.receive_crosswalk(sealed, project_id)
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            fail_run(act, run_id, code=refusal.code)
        return
    with surroundings.act() as act:
        crosswalk_received(act, run_id, records=records)


def answer(
    door: AnalysisDoor,
    key: SigningKey,
    surroundings: Surroundings,
    query_id: str,
    *,
    seconds: float,
    kind: QueryKind = QueryKind.QUERY,
) -> None:
    """Answer a question that its researcher signed, within the live permit, to the gate.

    For a pre-flight only whom its cells are about is counted: no outcome is read.
    """
    receiver = Recipient.parse(str(surroundings.pins.gate.age_recipient))
    try:
        with surroundings.act() as act:
            query = query_by_id(act.session, query_id)
            assert query is not None  # jobs are enqueued with it
            permit = permit_of(act, surroundings, query.project_id, live=True)
            question = trust.question(
                query.question, permit, WAYS[kind].signed_as, today=surroundings.clock().date()
            )
        digest = surroundings.hand_overs.send(
            HANDED[kind],
            project_id=permit.project_id,
            subject_id=query_id,
            key=key,
            write=lambda file: door.answer(
                question.specification,
                file,
                receiver,
                seconds=seconds,
                outcomes=kind is QueryKind.QUERY,
            ),
        )
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            fail_query(act, query_id, code=refusal.code)
        return
    with surroundings.act() as act:
        answered(act, query_id, hand_over_sha256=digest)


def failed(surroundings: Surroundings, job: Job, subject_id: str) -> None:
    """A job went wrong in a way nobody foresaw: its subject says so instead of waiting for ever."""
    with surroundings.act() as act:
        match job:
            case Job.ANSWER | Job.COUNT_POPULATIONS:
                fail_query(act, subject_id, code=RefusalCode.UNFORESEEN)
            case Job.WITHDRAW_FROM_ANALYSIS:
                refuse_withdrawal(act, subject_id, Zone.ANALYSIS, RefusalCode.UNFORESEEN)
            case Job.SHRED_PAYLOAD:
                fail_destruction(act, Destruction, subject_id, Zone.ANALYSIS, RefusalCode.UNFORESEEN)
            case Job.SHRED_PROJECT_PAYLOAD:
                fail_destruction(act, ProjectDestruction, subject_id, Zone.ANALYSIS, RefusalCode.UNFORESEEN)
            case Job.RECEIVE_CROSSWALK:
                fail_run(act, subject_id, code=RefusalCode.UNFORESEEN)
            case _:
                for part in parts_of(act.session, subject_id):
                    if part.zone is Zone.ANALYSIS:
                        part_rejected(act, subject_id, part.name, code=RefusalCode.UNFORESEEN, counts={})
