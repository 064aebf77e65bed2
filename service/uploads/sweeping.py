"""Uploads whose time is over are removed: when the api starts, and whenever another one begins."""

from __future__ import annotations

from contextlib import nullcontext, suppress

from service.problems.uploads import UploadLocked
from service.uploads import actions
from service.uploads.files import FOLDER, file_of, held
from service.uploads.records import upload_by_id, upload_ids
from service.web.surroundings import Surroundings


def sweep_expired(here: Surroundings) -> None:
    """Remove every upload whose time is over, but one that is being written to."""
    with here.read_sessions() as session:
        over = [upload.id for upload in actions.expired(here.act(session, actions.SERVICE))]
    for upload_id in over:
        with suppress(UploadLocked):
            _expire(here, upload_id)


def _expire(here: Surroundings, upload_id: str) -> None:
    path = file_of(here.settings.spool, upload_id)
    with held(path) if path.exists() else nullcontext():
        with here.sessions.begin() as session:
            upload = upload_by_id(session, upload_id)
            if upload is not None:
                actions.expire_upload(here.act(session, actions.SERVICE), upload)
        path.unlink(missing_ok=True)


def sweep_left(here: Surroundings) -> None:
    """Remove files that a crash left without their upload; only before the first request is answered."""
    with here.read_sessions() as session:
        known = set(upload_ids(session))
    for path in (here.settings.spool / FOLDER).iterdir():
        if path.name not in known:
            path.unlink()
