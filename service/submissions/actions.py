"""Receiving a delivery, settling its parts, reading where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from linkage_engine.contract.manifest import Manifest, Zone
from linkage_engine.contract.permit import Permit
from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.reports import ValidationReport
from service.act import Act
from service.audit.vocabulary import Action, Outcome
from service.jobs import Job
from service.linkage_secrets.actions import secret_in_force
from service.problems.requests import NotFound
from service.problems.submissions import ManifestRefused
from service.problems.tools import SignatureRefused
from service.projects.actions import permit_for
from service.signed import TextType, verified
from service.submissions import rules
from service.submissions.package import Package
from service.submissions.records import (
    Submission,
    SubmissionPart,
    accepted_of_provider,
    last_counter,
    parts_of,
    submission_by_id,
    submission_of_bytes,
    submission_to_read,
    visible_submission,
)
from service.submissions.rules import PartRows, PartState, SubmissionEvent, SubmissionState
from service.submissions.spool import keep
from service.uploads.records import Upload

UNSEALERS = (Job.UNSEAL_IDENTIFIERS, Job.UNSEAL_PAYLOAD)


def receive_submission(
    act: Act, upload: Upload, path: Path, package: Package, *, recipients: Mapping[Zone, str]
) -> tuple[Submission, bool]:
    """Receive a delivery that came in whole and have it unsealed; the delivery, and whether it is new.

    The same bytes again are the same delivery. The file is named by its digest before the
    transaction commits: a job never looks for a file that is not there yet.
    """
    project_id = upload.project_id
    permit = permit_for(act, project_id, live=True)
    known = submission_of_bytes(act.session, package.sha256)
    if known is not None and (known.project_id, known.provider_id) == (project_id, act.actor):
        upload.submission_id = known.id
        return received_before(act, known), False
    manifest = _manifest(package.manifest, permit, act.actor)
    rules.check_manifest(manifest, permit, act.actor)
    rules.check_members(manifest, package.members)
    rules.check_keys(manifest, secret_in_force(act, permit), recipients)
    rules.check_counter(manifest.counter, last_counter(act.session, project_id, act.actor))
    submission = _add(act, manifest, package)
    upload.submission_id = submission.id
    keep(path, path.parent.parent, package.sha256)
    return submission, True


def received_before(act: Act, submission: Submission) -> Submission:
    """A provider asks for a delivery to be received that was received already."""
    act.enter(
        Action.SUBMISSION_READ,
        submission.id,
        project=submission.project_id,
        sealed_sha256=submission.sealed_sha256,
        kind="again",
    )
    return submission


def _manifest(text: str, permit: Permit, provider_id: str) -> Manifest:
    party = permit.party(provider_id)
    assert party is not None  # the permit is visible to its parties only
    try:
        return verified(text, (party.signing_key,), TextType.MANIFEST, Manifest)
    except SignatureRefused:
        raise ManifestRefused from None


def secrets_of(deliveries: Iterable[Submission], permit: Permit) -> dict[str, tuple[int, str]]:
    """Epoch and key check of the secret that deliveries were made with, by provider.

    Without those whose manifest is not of the permit's key any more: workers do not believe it either.
    """
    found: dict[str, tuple[int, str]] = {}
    for delivery in deliveries:
        party = permit.party(delivery.provider_id)
        keys = (party.signing_key,) if party is not None else ()
        with suppress(SignatureRefused):
            manifest = verified(delivery.manifest, keys, TextType.MANIFEST, Manifest)
            found[delivery.provider_id] = (manifest.secret_epoch, manifest.key_check)
    return found


def _add(act: Act, manifest: Manifest, package: Package) -> Submission:
    submission_id = act.new_id()
    standing = accepted_of_provider(act.session, manifest.project_id, manifest.provider_id)
    after = {part.name: part.rows for part in manifest.parts}
    replaced = _replaced(act, standing[-1], after) if standing else None
    entry_id = act.enter(
        Action.SUBMISSION_RECEIVE,
        submission_id,
        project=manifest.project_id,
        sealed_sha256=package.sha256,
        bytes=package.size_bytes,
        parts=len(manifest.parts),
        counter=manifest.counter,
        rows=sum(after.values()),
        persons_left_out=sum(each.persons for each in manifest.left_out),
        rows_left_out=sum(each.rows for each in manifest.left_out),
        outcome=Outcome.DONE,
        **_as_details(replaced),
    )
    submission = Submission(
        id=submission_id,
        project_id=manifest.project_id,
        provider_id=manifest.provider_id,
        counter=manifest.counter,
        delivery_id=manifest.delivery_id,
        sealed_sha256=package.sha256,
        size_bytes=package.size_bytes,
        manifest=package.manifest,
        extract_date=manifest.extract_date,
        state=SubmissionState.RECEIVED,
        received_at=act.clock(),
        entry_id=entry_id,
        replaces_id=replaced.submission_id if replaced else None,
        left_out=[each.model_dump(mode="json") for each in manifest.left_out],
    )
    act.session.add(submission)
    act.session.flush()
    act.session.add_all(
        SubmissionPart(
            submission_id=submission_id,
            name=part.name,
            position=position,
            zone=part.zone,
            sealed_sha256=part.sealed_sha256,
            sealed_bytes=part.sealed_bytes,
            rows=part.rows,
            state=PartState.WAITING,
        )
        for position, part in enumerate(manifest.parts)
    )
    act.session.flush()
    for job in UNSEALERS:
        act.enqueue(job, submission_id)
    return submission


@dataclass(frozen=True, slots=True)
class Replaced:
    """The delivery that another one replaces, and what becomes of each part's rows."""

    submission_id: str
    counter: int
    parts: tuple[PartRows, ...]


def replaced_by(act: Act, submission: Submission) -> Replaced | None:
    """The delivery that this one replaces, if the provider had one that stood."""
    if submission.replaces_id is None:
        return None
    earlier = submission_to_read(act.session, submission.replaces_id)
    assert earlier is not None  # a delivery is never deleted
    return _replaced(act, earlier, _rows(act, submission.id))


def _replaced(act: Act, earlier: Submission, after: Mapping[str, int]) -> Replaced:
    return Replaced(earlier.id, earlier.counter, rules.rows_by_part(_rows(act, earlier.id), after))


def _rows(act: Act, submission_id: str) -> dict[str, int]:
    return {part.name: part.rows for part in parts_of(act.session, submission_id)}


def _as_details(replaced: Replaced | None) -> dict[str, int | str]:
    """What the log says of it; the rows of each part stand in the entries of the parts."""
    if replaced is None:
        return {}
    return {
        "replaces": replaced.submission_id,
        "replaced_counter": replaced.counter,
        "rows_before": sum(part.rows_before or 0 for part in replaced.parts),
    }


def read_submission(act: Act, submission_id: str) -> Submission:
    """Where a delivery stands, for its provider and the operator."""
    assert act.role is not None
    submission = visible_submission(act.session, submission_id, act.actor, act.role)
    if submission is None:
        raise NotFound
    act.enter(Action.SUBMISSION_READ, submission.id, project=submission.project_id)
    return submission


def part_unsealed(
    act: Act, submission_id: str, part_name: str, *, rows: int, report: ValidationReport | None = None
) -> SubmissionState:
    """A worker opened a part and found it valid; the delivery is accepted when all are.

    `report` is the validation report of an events part. Doing it again changes nothing.
    """
    submission, part = _waiting_part(act, submission_id, part_name)
    if part is not None:
        part.rows = rows
        part.report = report.model_dump(mode="json") if report else None
        _settle(act, part, PartState.UNSEALED)
        act.enter(
            Action.PART_UNSEAL,
            submission.id,
            project=submission.project_id,
            part=part_name,
            rows=rows,
            outcome=Outcome.DONE,
            **_rows_before(act, submission, part_name),
        )
        _advance(act, submission)
    return submission.state


def _rows_before(act: Act, submission: Submission, part_name: str) -> dict[str, int]:
    before = _rows(act, submission.replaces_id) if submission.replaces_id else {}
    return {"rows_before": before[part_name]} if part_name in before else {}


def part_rejected(
    act: Act,
    submission_id: str,
    part_name: str,
    *,
    code: RefusalCode,
    counts: Mapping[str, int],
    report: ValidationReport | None = None,
) -> SubmissionState:
    """A worker refused a part, and with it the delivery. Doing it again changes nothing."""
    submission, part = _waiting_part(act, submission_id, part_name)
    if part is not None:
        part.code = code.value
        part.counts = dict(counts)
        part.report = report.model_dump(mode="json") if report else None
        _settle(act, part, PartState.REJECTED)
        act.enter(
            Action.PART_REJECT,
            submission.id,
            project=submission.project_id,
            outcome=Outcome.REFUSED,
            part=part_name,
            code=code.value,
        )
        _advance(act, submission)
    return submission.state


def _waiting_part(act: Act, submission_id: str, part_name: str) -> tuple[Submission, SubmissionPart | None]:
    """The delivery, and the part if nothing was found about it yet."""
    submission = submission_by_id(act.session, submission_id)
    if submission is None:
        raise NotFound
    parts = parts_of(act.session, submission_id)
    part = next((p for p in parts if p.name == part_name), None)
    if part is None:
        raise NotFound
    return submission, part if part.state is PartState.WAITING else None


def _settle(act: Act, part: SubmissionPart, state: PartState) -> None:
    part.state = state
    part.settled_at = act.clock()
    act.session.flush()


def _advance(act: Act, submission: Submission) -> None:
    event = rules.event_of([part.state for part in parts_of(act.session, submission.id)])
    if event is None or rules.next_state(submission.state, event) is submission.state:
        return
    earlier = accepted_of_provider(act.session, submission.project_id, submission.provider_id)
    submission.state = rules.next_state(submission.state, event)
    if submission.state is not SubmissionState.ACCEPTED:
        return
    # Workers may finish deliveries in another order than they came: the highest counter stands.
    *older, newest = sorted([*earlier, submission], key=lambda s: s.counter)
    for one in older:
        one.state = rules.next_state(one.state, SubmissionEvent.NEWER_ACCEPTED)
    newest.replaces_id = older[-1].id if older else None
    act.enter(
        Action.SUBMISSION_ACCEPT,
        submission.id,
        project=submission.project_id,
        counter=submission.counter,
        outcome=Outcome.DONE,
        **_as_details(replaced_by(act, submission)),
    )
