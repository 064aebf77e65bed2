"""The log: its checkpoint for everybody, its entries and its export for audit reviewers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse, StreamingResponse

from linkage_engine.contract.value import RandomId, Value
from service.access.admission import Acting, Caller, SignedInRoute, may
from service.access.permissions import Permission
from service.audit.entry import moment
from service.audit.vocabulary import Action, Outcome
from service.reviews import actions
from service.reviews.records import Found
from service.reviews.rules import PAGE, PAGE_LIMIT
from service.web.body import LimitedRoute
from service.web.surroundings import Here, View

public = APIRouter(prefix="/log", tags=["log"], route_class=LimitedRoute)
router = APIRouter(prefix="/log", tags=["log"], route_class=SignedInRoute)
ZIP = "application/zip"
IN_MEMORY_BYTES = 32 << 20
CHUNK = 1 << 20
BUNDLE: Mapping[int | str, dict[str, Any]] = {
    200: {
        "description": "The bundle that tre-audit verifies",
        "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
    }
}


class EntryShown(Value):
    """An entry of the log."""

    sequence: int
    """Give the last one as `after` to read on."""
    entry_id: RandomId
    at: str
    action: Action
    actor: str
    subject: str
    project: str | None
    outcome: Outcome
    detail: dict[str, int | str]
    log_index: int | None
    """Its place in the tree; null until it is there."""


def _shown(found: Found) -> EntryShown:
    row, index = found
    entry = row.to_entry()
    return EntryShown(
        sequence=row.sequence,
        entry_id=entry.entry_id,
        at=moment(row.at),
        action=entry.action,
        actor=entry.actor,
        subject=entry.subject,
        project=entry.project,
        outcome=entry.outcome,
        detail=entry.detail,
        log_index=index,
    )


@public.get("/checkpoint", response_class=PlainTextResponse)
def read_checkpoint(session: View) -> str:
    """Fetch the newest signed checkpoint (C2SP tlog-checkpoint). Keep it: later logs must extend it."""
    return actions.latest_checkpoint(session)


@router.get("/entries", dependencies=[may(Permission.LOG_READ)])
def read_entries(
    act: Acting,
    after: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE_LIMIT)] = PAGE,
    action: Action | None = None,
    actor: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
) -> list[EntryShown]:
    """Read entries in order; `action` and `actor` narrow them. Your reading is entered as well."""
    found = actions.read_entries(act, after, limit=limit, action=action, actor=actor)
    return [_shown(one) for one in found]


@router.get(
    "/export",
    dependencies=[may(Permission.LOG_EXPORT)],
    response_class=StreamingResponse,
    responses=dict(BUNDLE),
)
def export_log(here: Here, principal: Caller) -> StreamingResponse:
    """Export the log and every release as one bundle; `tre-audit verify` checks it offline."""
    # The entry is committed first: writing a long log must not keep everybody else from writing.
    with here.sessions.begin() as session:
        actions.enter_export(here.act(session, principal.id, principal.role))
    bundle = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # closed when sent
    with here.read_sessions() as session:
        actions.export_log(session, bundle, pins=here.pins, spool=here.settings.spool)
    bundle.seek(0)
    return StreamingResponse(_pieces(bundle), media_type=ZIP)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK):
            yield piece
