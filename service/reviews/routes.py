"""The log: its checkpoint for everybody, its entries and its export for audit reviewers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import AwareDatetime, Field, StringConstraints

from linkage_engine.contract.value import RandomId, Slug, Value
from service.access.admission import Acting, Caller, SignedInRoute, may
from service.access.permissions import Permission
from service.audit.entry import NAME_PATTERN, moment
from service.audit.vocabulary import Action, Outcome
from service.reviews import actions
from service.reviews.records import Found
from service.reviews.rules import PAGE, PAGE_LIMIT, Wanted
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

PAGED: Mapping[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Link": {
                "description": "The next page, as rel=next; absent after the last",
                "schema": {"type": "string"},
            }
        }
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


EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)]
"""A moment with its time zone, in the days of this log."""
Place = Annotated[int, Field(ge=0, lt=1 << 53)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""What can stand in an entry as an actor or a subject."""


class Search(Value):
    """Which entries to read; all that is said must fit."""

    after: Place = 0
    """Only entries beyond this sequence number."""
    upto: Place | None = None
    """No entry beyond this one: the newest when the first page was read."""
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = PAGE
    person: Name | None = None
    """Who acted, or whom it is about."""
    actor: Name | None = None
    subject: Name | None = None
    project: Slug | None = None
    action: Action | None = None
    outcome: Outcome | None = None
    since: Annotated[Moment | None, Field(alias="from")] = None
    """The first moment, with its time zone."""
    until: Annotated[Moment | None, Field(alias="to")] = None
    """The first moment that is too late."""

    def wanted(self) -> Wanted:
        """What is looked for, without the page."""
        return Wanted(**self.model_dump(exclude={"after", "upto", "limit"}))


@public.get("/checkpoint", response_class=PlainTextResponse)
def read_checkpoint(session: View) -> str:
    """Fetch the newest signed checkpoint (C2SP tlog-checkpoint). Keep it: later logs must extend it."""
    return actions.latest_checkpoint(session)


@router.get("/entries", dependencies=[may(Permission.LOG_READ)], responses=dict(PAGED))
def read_entries(
    act: Acting, search: Annotated[Search, Query()], request: Request, response: Response
) -> list[EntryShown]:
    """Read entries in order, or those that fit a search. Your reading is entered as well.

    A page that is full names the next one in its Link header (RFC 8288); the search ends where
    the log ended when its first page was read.
    """
    found, stretch = actions.read_entries(
        act, search.wanted(), after=search.after, upto=search.upto, limit=search.limit
    )
    if len(found) == stretch.limit:
        last, _ = found[-1]
        following = request.url.include_query_params(after=last.sequence, upto=stretch.upto)
        response.headers["link"] = f'<{following.path}?{following.query}>; rel="next"'
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
