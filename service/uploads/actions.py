"""Beginning an upload, going on with it, ending it; what became of the bytes is entered each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.act import Act
from service.audit.vocabulary import Action, Outcome
from service.problems.requests import NotFound
from service.problems.uploads import UploadIncomplete
from service.projects.actions import permit_for
from service.uploads import rules
from service.uploads.records import Upload, expired_uploads, own_upload, unfinished_lengths

INTERRUPTED = "interrupted"
SERVICE = "api"
"""The actor of what no person does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a provider may send and for how long it is kept unfinished."""

    length_bytes: int
    quota_bytes: int
    lives: timedelta


def begin_upload(act: Act, project_id: str, *, length: int | None, described: str, limits: Limits) -> Upload:
    """A provider of the project begins an upload of so many bytes."""
    permit_for(act, project_id, live=True)
    asked = rules.check_length(length, limit=limits.length_bytes)
    rules.check_metadata(described)
    now = act.clock()
    rules.check_quota(asked, unfinished_lengths(act.session, act.actor, now), quota=limits.quota_bytes)
    upload = Upload(
        id=act.new_id(),
        project_id=project_id,
        provider_id=act.actor,
        length_bytes=asked,
        offset_bytes=0,
        described=described,
        expires_at=now + limits.lives,
    )
    act.session.add(upload)
    act.enter(Action.UPLOAD_BEGIN, upload.id, project=project_id, size=asked)
    return upload


def read_upload(act: Act, upload_id: str) -> Upload:
    """Where an upload stands, for who began it."""
    upload = visible_upload(act, upload_id, live=False)
    act.enter(Action.UPLOAD_READ, upload.id, project=upload.project_id, bytes=upload.offset_bytes)
    return upload


def visible_upload(act: Act, upload_id: str, *, live: bool) -> Upload:
    """The caller's own upload; raises NotFound, or PermitNotLive where the permit must be in force."""
    upload = own_upload(act.session, upload_id, act.actor, act.clock())
    if upload is None:
        raise NotFound
    permit_for(act, upload.project_id, live=live)
    return upload


def unfinished_upload(act: Act, upload_id: str, *, live: bool) -> Upload:
    """The same, unless it has become a delivery: then nothing can be done to it, and NotFound is raised."""
    upload = visible_upload(act, upload_id, live=live)
    if upload.submission_id is not None:
        raise NotFound
    return upload


def whole_upload(act: Act, project_id: str, upload_id: str) -> Upload:
    """An upload to the project that has come in whole; raises UploadIncomplete for a part of one."""
    upload = visible_upload(act, upload_id, live=True)
    if upload.project_id != project_id:
        raise NotFound
    if upload.offset_bytes != upload.length_bytes:
        raise UploadIncomplete(offset=upload.offset_bytes, length=upload.length_bytes)
    return upload


def go_on(act: Act, upload_id: str, *, start: int, reached: int, whole: bool, lives: timedelta) -> Upload:
    """Enter that a piece is on the disk, or as much of it as came before its sender broke off."""
    upload = unfinished_upload(act, upload_id, live=False)
    upload.offset_bytes = reached
    upload.expires_at = act.clock() + lives
    broken_off = {} if whole else {"code": INTERRUPTED}
    act.enter(
        Action.UPLOAD_APPEND,
        upload.id,
        project=upload.project_id,
        outcome=Outcome.DONE if whole else Outcome.FAILED,
        first=start,
        bytes=reached - start,
        **broken_off,
    )
    return upload


def end_upload(act: Act, upload_id: str) -> None:
    """Its provider does not want to finish an upload."""
    upload = unfinished_upload(act, upload_id, live=False)
    act.session.delete(upload)
    act.enter(Action.UPLOAD_END, upload.id, project=upload.project_id, bytes=upload.offset_bytes)


def expire_upload(act: Act, upload: Upload) -> None:
    """An upload's time is over; one that became a delivery goes without a word, the delivery stays."""
    act.session.delete(upload)
    if upload.submission_id is None:
        act.enter(
            Action.UPLOAD_EXPIRE,
            upload.id,
            project=upload.project_id,
            provider_id=upload.provider_id,
            bytes=upload.offset_bytes,
        )


def expired(act: Act) -> Sequence[Upload]:
    """Uploads whose time is over."""
    return expired_uploads(act.session, act.clock())
