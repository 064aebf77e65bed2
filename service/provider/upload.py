"""Handing bytes to the service in pieces (tus 1.0.0), from wherever an earlier attempt stopped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, BinaryIO

from service.client import Client, RemoteProblem
from service.problems.tools import ServiceUnreachable

PIECE_BYTES = 16 << 20
"""What is sent again at most after a break; kept whole or not at all, by its checksum."""
VERSION = {"tus-resumable": "1.0.0"}
TRIES = 6
"""So often a piece is tried before the tool gives up; the next run goes on from there."""
PAUSE_SECONDS = 1.0
"""After the first failure; twice as long after each further one, half a minute in all."""
CHECKSUM_DIFFERS = 460
PASSING = frozenset(
    {HTTPStatus.CONFLICT, HTTPStatus.LOCKED, CHECKSUM_DIFFERS, HTTPStatus.SERVICE_UNAVAILABLE}
)
"""Refusals that are over when the offset is asked for again, or a little later."""
_PLACE = re.compile(r"/uploads/([0-9a-f-]{32,36})")


@dataclass(frozen=True, kw_only=True)
class Sending:
    """What to send to which project, and who is told of it."""

    client: Client
    project_id: str
    file: BinaryIO
    length: int
    pause: Callable[[float], None]
    began: Callable[[str], None] = lambda _: None
    """Told the id of an upload that was begun."""
    reached: Callable[[int], None] = lambda _: None
    """Told each offset that the service has on its disk."""


def hand_over(sending: Sending, upload_id: str | None = None) -> Any:  # noqa: ANN401  # JSON
    """The service's receipt for all the bytes, in an upload that was begun before if it is still there.

    Raises what the client raises; whatever it is, the same call goes on from where this one stopped.
    """
    offset = _offset(sending, upload_id) if upload_id else None
    if upload_id is None or offset is None:
        upload_id, offset = _begin(sending), 0
        sending.began(upload_id)
    _send(sending, upload_id, offset)
    return sending.client.post(f"/projects/{sending.project_id}/submissions", {"upload_id": upload_id})


def _begin(sending: Sending) -> str:
    headers = {**VERSION, "upload-length": str(sending.length)}
    answer = sending.client.exchange("POST", f"/projects/{sending.project_id}/uploads", headers=headers)
    place = _PLACE.fullmatch(answer.get("location", ""))
    if place is None:
        raise ServiceUnreachable
    return place[1]


def _offset(sending: Sending, upload_id: str) -> int | None:
    """Where an upload stands; nothing when there is no such upload any more."""
    try:
        return _told(sending.client.exchange("HEAD", f"/uploads/{upload_id}", headers=VERSION))
    except RemoteProblem as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        return None


def _send(sending: Sending, upload_id: str, offset: int) -> None:
    failures = 0
    while offset < sending.length:
        sending.reached(offset)
        try:
            if failures:
                offset = _told(sending.client.exchange("HEAD", f"/uploads/{upload_id}", headers=VERSION))
            offset, failures = _append(sending, upload_id, offset), 0
        except (ServiceUnreachable, RemoteProblem) as fault:
            failures += 1
            if failures == TRIES or (isinstance(fault, RemoteProblem) and fault.status not in PASSING):
                raise
            sending.pause(PAUSE_SECONDS * 2 ** (failures - 1))
    sending.reached(offset)


def _append(sending: Sending, upload_id: str, offset: int) -> int:
    sending.file.seek(offset)
    piece = sending.file.read(min(PIECE_BYTES, sending.length - offset))
    headers = {
        **VERSION,
        "content-type": "application/offset+octet-stream",
        "upload-offset": str(offset),
        "upload-checksum": f"sha256 {base64.b64encode(hashlib.sha256(piece).digest()).decode()}",
    }
    return _told(sending.client.exchange("PATCH", f"/uploads/{upload_id}", headers=headers, content=piece))


def _told(answer: Any) -> int:  # noqa: ANN401  # headers
    """The offset that an answer names; whatever answers without one is not the service."""
    told = answer.get("upload-offset", "")
    if not told.isdecimal():
        raise ServiceUnreachable
    return int(told)
