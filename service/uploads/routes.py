"""Uploads in pieces, by tus 1.0.0: creation, checksum, expiration, termination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from service.access.admission import Acting, Caller, SignedInRoute, may
from service.access.permissions import Permission
from service.access.records import SignedIn
from service.problems.requests import RequestUnreadable
from service.uploads import actions, rules
from service.uploads.files import file_of, held, make, size_of
from service.uploads.intake import Piece, take_in
from service.uploads.records import Upload, note_offset
from service.uploads.sweeping import sweep_expired
from service.web.surroundings import Here, Surroundings

EXTENSIONS = "creation,expiration,checksum,termination"


class TusRoute(SignedInRoute):
    """A route whose every answer, a refusal too, says which protocol it is in."""

    answer_headers: ClassVar[Mapping[str, str]] = {
        "tus-resumable": rules.VERSION,
        "tus-version": rules.VERSION,
    }


def _in_protocol(
    tus_resumable: Annotated[str | None, Header(json_schema_extra={"enum": [rules.VERSION]})] = None,
) -> None:
    rules.check_version(tus_resumable)


PROVIDERS = [may(Permission.SUBMISSION_CREATE), Depends(_in_protocol)]
public = APIRouter(tags=["uploads"])
router = APIRouter(tags=["uploads"], route_class=TusRoute)
PIECE: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {rules.PIECE_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


def limits_of(here: Surroundings) -> actions.Limits:
    """What this service's settings allow a provider."""
    return actions.Limits(
        length_bytes=here.settings.submission_limit_bytes,
        quota_bytes=here.settings.upload_quota_bytes,
        lives=timedelta(seconds=here.settings.upload_expiry_seconds),
    )


@public.options("/projects/{project_id}/uploads", status_code=HTTPStatus.NO_CONTENT)
def say_what_is_spoken(project_id: str, here: Here) -> Response:
    """What this service speaks of tus, and how long an upload may be."""
    headers = {
        "tus-resumable": rules.VERSION,
        "tus-version": rules.VERSION,
        "tus-extension": EXTENSIONS,
        "tus-max-size": str(here.settings.submission_limit_bytes),
        "tus-checksum-algorithm": ",".join(rules.DIGEST_BYTES),
    }
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


@router.post(
    "/projects/{project_id}/uploads",
    status_code=HTTPStatus.CREATED,
    dependencies=PROVIDERS,
    response_class=Response,
)
def begin_upload(
    project_id: str,
    here: Here,
    principal: Caller,
    upload_length: Annotated[int | None, Header(ge=1)] = None,
    upload_metadata: Annotated[str, Header()] = "",
) -> Response:
    """Begin to hand over a delivery: `Upload-Length` says how long the .tresub file is."""
    sweep_expired(here)
    with ExitStack() as undo:
        with here.sessions.begin() as session:
            upload = actions.begin_upload(
                here.act(session, principal.id, principal.role),
                project_id,
                length=upload_length,
                described=upload_metadata,
                limits=limits_of(here),
            )
            path = file_of(here.settings.spool, upload.id)
            undo.callback(path.unlink, missing_ok=True)
            make(path)
        undo.pop_all()  # committed: the file stays
    headers = {"location": f"/uploads/{upload.id}", **_standing(upload)}
    return Response(status_code=HTTPStatus.CREATED, headers=headers)


@router.head("/uploads/{upload_id}", dependencies=PROVIDERS, response_class=Response)
def read_upload(upload_id: str, here: Here, act: Acting) -> Response:
    """Where an upload stands: `Upload-Offset` is on the disk, go on from there."""
    upload = actions.read_upload(act, upload_id)
    headers = {**_standing(upload, _offset(here, upload)), "upload-length": str(upload.length_bytes)}
    if upload.described:
        headers["upload-metadata"] = upload.described
    return Response(headers=headers)


@router.patch(
    "/uploads/{upload_id}",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=PROVIDERS,
    openapi_extra=dict(PIECE),
)
async def append_piece(  # noqa: PLR0913, PLR0917  # each is a header of the protocol
    upload_id: str,
    request: Request,
    here: Here,
    principal: Caller,
    upload_offset: Annotated[int, Header(ge=0)],
    content_length: Annotated[int | None, Header(ge=0)] = None,
    content_type: Annotated[str | None, Header()] = None,
    upload_checksum: Annotated[str | None, Header()] = None,
) -> Response:
    """Send the next piece of an upload; with `Upload-Checksum` it is kept whole or not at all."""
    length = rules.check_piece(content_type, content_length)
    checksum = rules.checksum_of(upload_checksum)
    with ExitStack() as stack:
        open_piece = _opened(here, principal, upload_id, start=upload_offset, length=length)
        file = await run_in_threadpool(stack.enter_context, open_piece)
        reached = await take_in(
            request.stream(),
            Piece(file, upload_offset, length, checksum),
            note=partial(_note, here, upload_id),
            idle_seconds=here.settings.upload_idle_seconds,
        )
        whole = reached == upload_offset + length
        went_on = partial(
            _go_on, here, principal, upload_id, start=upload_offset, reached=reached, whole=whole
        )
        upload = await run_in_threadpool(went_on)
    if not whole:
        raise RequestUnreadable
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_standing(upload))


@router.delete("/uploads/{upload_id}", status_code=HTTPStatus.NO_CONTENT, dependencies=PROVIDERS)
def end_upload(upload_id: str, here: Here, principal: Caller) -> Response:
    """End an upload that will not be finished; what came in of it is removed."""
    with here.read_sessions() as session:
        actions.unfinished_upload(here.act(session, principal.id, principal.role), upload_id, live=False)
    path = file_of(here.settings.spool, upload_id)
    with held(path):
        with here.sessions.begin() as session:
            actions.end_upload(here.act(session, principal.id, principal.role), upload_id)
        path.unlink()
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _standing(upload: Upload, offset: int | None = None) -> dict[str, str]:
    return {
        "upload-offset": str(upload.offset_bytes if offset is None else offset),
        "upload-expires": format_datetime(upload.expires_at, usegmt=True),
    }


def _offset(here: Surroundings, upload: Upload) -> int:
    """What was noted and is still there: a spool that was put back from an older copy holds less."""
    if upload.submission_id is not None:
        return upload.length_bytes
    return min(upload.offset_bytes, size_of(file_of(here.settings.spool, upload.id)))


@contextmanager
def _opened(
    here: Surroundings, principal: SignedIn, upload_id: str, *, start: int, length: int
) -> Iterator[Any]:
    """The upload's file for this request alone, when the piece fits: looked at before and behind the lock."""
    with here.read_sessions() as session:
        act = here.act(session, principal.id, principal.role)
        actions.unfinished_upload(act, upload_id, live=True)
    with held(file_of(here.settings.spool, upload_id)) as file:
        with here.read_sessions() as session:
            act = here.act(session, principal.id, principal.role)
            upload = actions.unfinished_upload(act, upload_id, live=True)
        stands_at = _offset(here, upload)
        rules.check_fits(start, length, stands_at=stands_at, ends_at=upload.length_bytes)
        yield file


def _note(here: Surroundings, upload_id: str, offset: int) -> None:
    with here.sessions.begin() as session:
        note_offset(session, upload_id, offset, here.clock() + limits_of(here).lives)


def _go_on(
    here: Surroundings, principal: SignedIn, upload_id: str, *, start: int, reached: int, whole: bool
) -> Upload:
    with here.sessions.begin() as session:
        act = here.act(session, principal.id, principal.role)
        lives = limits_of(here).lives
        return actions.go_on(act, upload_id, start=start, reached=reached, whole=whole, lives=lives)
