"""The gate: disclosure control, evidence for each checker, and the signature on what leaves."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from linkage_engine.boundary import GateDoor
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.permit import Permit, Role
from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.contract.statements import (
    HandOverKind,
    ReleasedFile,
    ReleaseStatement,
    SignedQuestion,
)
from linkage_engine.sealing.recipient import Recipient
from service.destructions.actions import fail_destruction
from service.destructions.records import destructions_under
from service.jobs import Duties, Job
from service.keys import signing_key
from service.mirror.records import vetoes_on
from service.projects.records import ProjectDestruction
from service.queries.actions import fail_query, foreseen
from service.queries.records import asked_at, query_by_id
from service.releases.actions import fail_release, open_release, sign_release
from service.releases.contents import released_files
from service.releases.forgotten import FILE, Forgotten
from service.releases.package import evidence_path, release_folder
from service.releases.records import decisions_on
from service.settings import GateSettings
from service.signed import SigningKey, TextType, canonical, sign
from service.worker import trust
from service.worker.counters import note_uses
from service.worker.destructions import destroy_project, evidence
from service.worker.files import replace_bytes, replace_file
from service.worker.permits import permit_of
from service.worker.repetition import repeat_destructions
from service.worker.roles import Surroundings, inside
from service.worker.tightenings import tightened_for


def duties(settings: GateSettings, surroundings: Surroundings) -> Duties:
    """What the gate does."""
    door = GateDoor(
        inside(settings.gate_identity, settings.gate_at_rest_key, settings.gate_vault, surroundings.random)
    )
    key = signing_key(settings.release_key)
    return Duties(
        handlers={
            Job.CONTROL: lambda query_id: control(door, surroundings, query_id),
            Job.FORESEE: lambda query_id: foresee(door, surroundings, query_id),
            Job.SHRED_PROJECT_HISTORY: lambda destruction_id: destroy_project(
                door.inside.vault, evidence, key, surroundings, destruction_id
            ),
            Job.SIGN_RELEASE: lambda release_id: release(door, key, surroundings, release_id),
        },
        failed=lambda job, subject_id: failed(surroundings, job, subject_id),
        first=lambda: repeat_destructions(door.inside.vault, None, evidence, surroundings),
    )


def control(door: GateDoor, surroundings: Surroundings, query_id: str) -> None:
    """Control an answer and seal the evidence to each checker, or say why not."""
    try:
        permit, question, _ = _asked(surroundings, query_id)
        with surroundings.act() as act:
            tightened = tightened_for(act, surroundings, permit)
        with _handed_over(surroundings, HandOverKind.AGGREGATES, permit, query_id) as sealed:
            evidence = door.control(
                sealed,
                question,
                release_id=query_id,
                policy=permit.policy,
                tightened=tightened,
                specification_sha256=hashlib.sha256(canonical(question.specification)).hexdigest(),
            )
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            fail_query(act, query_id, code=refusal.code)
        return
    plain = door.evidence_bytes(permit.project_id, query_id)
    for checker in permit.parties_in(Role.OUTPUT_CHECKER):
        recipient = Recipient.parse(str(checker.age_recipient))
        replace_file(
            evidence_path(surroundings.spool, query_id, checker.principal_id),
            lambda file, to=recipient: door.seal_evidence(plain, file, to),  # type: ignore[misc]  # bound now
        )
    with surroundings.act() as act:
        open_release(
            act,
            query_id,
            evidence_sha256=_digest(plain),
            table_sha256=_digest(canonical(evidence.table)),
            record=evidence.record,
        )


def foresee(door: GateDoor, surroundings: Surroundings, query_id: str) -> None:
    """Foresee what an answer would hide, decide nothing, or say why not."""
    try:
        permit, question, _ = _asked(surroundings, query_id, TextType.PREFLIGHT)
        with surroundings.act() as act:
            tightened = tightened_for(act, surroundings, permit)
        with _handed_over(surroundings, HandOverKind.POPULATIONS, permit, query_id) as sealed:
            told = door.foresee(sealed, question, policy=permit.policy, tightened=tightened)
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            fail_query(act, query_id, code=refusal.code)
        return
    with surroundings.act() as act:
        foreseen(act, query_id, told)


def release(door: GateDoor, key: SigningKey, surroundings: Surroundings, release_id: str) -> None:
    """Sign a release that two checkers approved, after verifying each approval, or say why not."""
    try:
        permit, question, text = _asked(surroundings, release_id)
        plain = door.evidence_bytes(permit.project_id, release_id)
        with surroundings.act() as act:
            texts = [decision.decision for decision in decisions_on(act.session, release_id)]
            vetoes = [veto.veto for veto in vetoes_on(act.session, release_id)]
            over = destructions_under(act.session, permit.project_id, asked_at(act.session, release_id))
            withdrawn = [each.statement for each in over]
        trust.check_not_vetoed(vetoes, permit, release_id)
        trust.check_not_withdrawn(withdrawn, permit)
        approvals = trust.approvals(
            texts,
            permit,
            asked_by=question.asked_by,
            release_id=release_id,
            evidence_sha256=_digest(plain),
            today=surroundings.clock().date(),
        )
        note_uses(surroundings.passkeys, trust.uses_of_passkeys(texts, permit))
    except EngineRefusal as refusal:
        with surroundings.act() as act:
            fail_release(act, release_id, code=refusal.code)
        return
    evidence = Evidence.model_validate_json(plain)
    files = released_files(evidence, signed=text)
    statement = ReleaseStatement(
        release_id=release_id,
        project_id=permit.project_id,
        query_id=release_id,
        files=tuple(
            ReleasedFile(name=name, sha256=_digest(data), size_bytes=len(data))
            for name, data in sorted(files.items())
        ),
        approved_by=tuple(decision.checker_id for decision in approvals),
        decisions_sha256=tuple(_digest(canonical(decision)) for decision in approvals),
        released_at=surroundings.clock(),
    )
    folder = release_folder(surroundings.spool, release_id)
    for name, data in files.items():
        replace_bytes(folder / name, data)
    with surroundings.act() as act:
        sign_release(
            act,
            release_id,
            statement=sign(statement, key, TextType.RELEASE),
            statement_sha256=_digest(canonical(statement)),
        )


def _asked(
    surroundings: Surroundings, query_id: str, typ: TextType = TextType.QUESTION
) -> tuple[Permit, SignedQuestion, str]:
    """The question of a query as its researcher signed it, under the permit that governance signed."""
    with surroundings.act() as act:
        query = query_by_id(act.session, query_id)
        assert query is not None  # jobs are enqueued with it
        permit = permit_of(act, surroundings, query.project_id, live=True)
        question = trust.question(query.question, permit, typ, today=surroundings.clock().date())
        _check_remembered(surroundings, permit.project_id)
        return permit, question, query.question


def _check_remembered(surroundings: Surroundings, project_id: str) -> None:
    """Raise EngineRefusal, HISTORY_MISSING, for a project of which an older vault was brought back."""
    path = surroundings.permits.with_name(FILE)
    if path.exists() and project_id in Forgotten.model_validate_json(path.read_bytes()).projects:
        raise EngineRefusal(RefusalCode.HISTORY_MISSING)


def _handed_over(surroundings: Surroundings, kind: HandOverKind, permit: Permit, query_id: str) -> BinaryIO:
    """What the analysis worker sealed for a query, if it signed it; the caller closes it."""
    sender = surroundings.pins.analysis.hand_over_key
    assert sender is not None  # set-up pins one
    return surroundings.hand_overs.receive(
        kind, project_id=permit.project_id, subject_id=query_id, sender=sender
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def failed(surroundings: Surroundings, job: Job, subject_id: str) -> None:
    """A job went wrong in a way nobody foresaw: its subject says so instead of waiting for ever."""
    with surroundings.act() as act:
        if job in {Job.CONTROL, Job.FORESEE}:
            fail_query(act, subject_id, code=RefusalCode.UNFORESEEN)
        elif job is Job.SHRED_PROJECT_HISTORY:
            role = surroundings.role.value
            fail_destruction(act, ProjectDestruction, subject_id, role, RefusalCode.UNFORESEEN)
        else:
            fail_release(act, subject_id, code=RefusalCode.UNFORESEEN)
