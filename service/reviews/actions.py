"""Reading the log and exporting it; both are entries of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from sqlalchemy.orm import Session

from service.act import Act
from service.audit.bundle import log_key
from service.audit.export import write_bundle
from service.audit.log import is_in_tree
from service.audit.records import last_checkpoint
from service.audit.vocabulary import Action
from service.keys import Pins
from service.problems.requests import NotReady
from service.releases.package import package_members
from service.releases.records import signed_releases
from service.reviews.records import Found, entries_after

LOG = "log"
"""The subject of reading the log."""


def read_entries(
    act: Act, after: int, *, limit: int, action: Action | None, actor: str | None
) -> Sequence[Found]:
    """The entries after a sequence number; the entry of this reading is not among them."""
    found = entries_after(
        act.session, after, limit=limit, action=action.value if action else None, actor=actor
    )
    act.enter(Action.LOG_READ, LOG, first=after, count=len(found))
    return found


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
        release_keys=[pins.release_key.model_dump()],
        releases=_members(session, pins=pins, spool=spool),
    )


def _members(session: Session, *, pins: Pins, spool: Path) -> Iterator[tuple[str, bytes]]:
    for release in signed_releases(session):
        assert release.entry_id is not None
        if is_in_tree(session, release.entry_id):
            for name, data in package_members(session, release, spool, pins.release_key):
                yield f"{release.id}/{name}", data
