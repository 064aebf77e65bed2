"""Reading the log and exporting it; both are entries of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import Session

from service.access.records import principal_by_id
from service.act import Act
from service.audit.bundle import log_key
from service.audit.entry import moment
from service.audit.export import write_bundle
from service.audit.log import is_in_tree
from service.audit.records import last_checkpoint, newest_sequence
from service.audit.vocabulary import Action
from service.keys import Pins
from service.problems.requests import NotReady
from service.projects.records import project_by_id
from service.releases.package import package_members
from service.releases.records import signed_releases
from service.reviews.records import Found, entries_like
from service.reviews.rules import Stretch, Wanted, check_period

LOG = "log"
"""The subject of reading the log."""


def read_entries(
    act: Act, wanted: Wanted, *, after: int, upto: int | None, limit: int
) -> tuple[Sequence[Found], Stretch]:
    """A page of the entries that are wanted, and its stretch; raises PeriodInvalid.

    A search ends where the log ended when its first page was read (`upto`): what is entered
    meanwhile, every page's own reading for one, does not prolong it.
    """
    check_period(wanted)
    stretch = Stretch(after=after, upto=newest_sequence(act.session) if upto is None else upto, limit=limit)
    found = entries_like(act.session, wanted, stretch)
    project = wanted.project and project_by_id(act.session, wanted.project)
    act.enter(
        Action.LOG_READ,
        LOG,
        project=project.id if project else None,
        first=after,
        count=len(found),
        **_said_of(act.session, wanted),
    )
    return found, stretch


def _said_of(session: Session, wanted: Wanted) -> dict[str, Any]:
    """What was asked, in words that the log or the service knows already: nothing typed is repeated."""
    person = wanted.person or wanted.actor or wanted.subject
    words = {
        "filters": wanted.filters or None,
        "principal_id": person if person and principal_by_id(session, person) else None,
        "asked_action": wanted.action,
        "asked_outcome": wanted.outcome,
        "since": wanted.since and moment(wanted.since),
        "until": wanted.until and moment(wanted.until),
    }
    return {key: str(word) for key, word in words.items() if word is not None}


def latest_checkpoint(session: Session) -> str:
    """The newest signed note; raises NotReady before the first."""
    standing = last_checkpoint(session)
    if standing is None:
        raise NotReady
    return standing.note


def enter_export(act: Act) -> None:
    """Enter that the log is exported; raises NotReady before its first checkpoint."""
    standing = last_checkpoint(act.session)
    if standing is None:
        raise NotReady
    act.enter(Action.LOG_EXPORT, LOG, size=standing.size)


def export_log(session: Session, target: IO[bytes], *, pins: Pins, spool: Path) -> None:
    """Write the log and every release that is under its newest checkpoint as one bundle."""
    write_bundle(
        session,
        target,
        key=log_key(pins.log_vkey, "the pinned key"),
        release_keys=[key.model_dump() for key in pins.release_keys],
        releases=_members(session, pins=pins, spool=spool),
    )


def _members(session: Session, *, pins: Pins, spool: Path) -> Iterator[tuple[str, bytes]]:
    for release in signed_releases(session):
        assert release.entry_id is not None
        if is_in_tree(session, release.entry_id):
            for name, data in package_members(session, release, spool, pins.release_keys):
                yield f"{release.id}/{name}", data
