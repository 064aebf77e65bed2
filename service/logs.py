"""Logs of the service: JSON lines with known keys only, so that nothing of a request or a record gets in."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

KEYS = frozenset(
    {
        "code",
        "event",
        "fault",
        "isolation",
        "missed",
        "job",
        "level",
        "open",
        "process",
        "query_id",
        "release_id",
        "role",
        "route",
        "rows",
        "run_id",
        "seconds",
        "size",
        "slug",
        "status",
        "subject_id",
        "submission_id",
        "timestamp",
    }
)
"""What a line may say: identifiers, codes, counts, names of types; never the text of an exception."""
Event = MutableMapping[str, Any]


class UnknownLogKey(Exception):
    """A line has a key that is not allowed; the message names the key."""


class KnownKeys:
    """Drops what may not be said and counts it; raises UnknownLogKey instead where `strict`."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict

    def __call__(self, _: object, __: str, event: Event) -> Event:
        """The event with its known keys only."""
        unknown = sorted(set(event) - KEYS)
        if unknown and self.strict:
            raise UnknownLogKey(", ".join(unknown))
        kept = {key: value for key, value in event.items() if key in KEYS}
        return {**kept, "dropped": len(unknown)} if unknown else kept


def logger(
    process: str, *, file: TextIO | None = None, strict: bool = False
) -> structlog.typing.FilteringBoundLogger:
    """A logger of one process that writes JSON lines to standard error, or to the file given."""
    made: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(file or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            KnownKeys(strict=strict),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        process=process,
    )
    return made
