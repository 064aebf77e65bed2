"""Sealed bytes of deliveries that are withdrawn, or whose project is closed: removed for good."""

from __future__ import annotations

from service.submissions.records import withdrawn_digests
from service.submissions.spool import forget
from service.web.surroundings import Surroundings


def sweep_withdrawn(here: Surroundings) -> None:
    """Remove the sealed bytes of every delivery that is withdrawn, or whose project is closed."""
    with here.read_sessions() as session:
        digests = withdrawn_digests(session)
    for sha256 in digests:
        forget(here.settings.spool, sha256)
