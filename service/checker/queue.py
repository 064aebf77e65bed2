"""The queue of an output checker as lines: what waits for you first, the oldest of it first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

HEADS = ("", "release", "project", "opened", "state", "hidden", "look at")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def in_order(releases: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that wait for you, the oldest first, so that none waits for ever; then the newest others."""
    newest_first = sorted(releases, key=lambda each: str(each["opened_at"]), reverse=True)
    waiting = [each for each in reversed(newest_first) if each["awaits_you"]]
    return waiting + [each for each in newest_first if not each["awaits_you"]]


def queue_lines(releases: Sequence[dict[str, Any]], now: datetime) -> list[str]:
    """A line a release: only what may be known outside the evidence."""
    rows = [HEADS, *(_row(number, each, now) for number, each in enumerate(in_order(releases), start=1))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    waiting = sum(bool(each["awaits_you"]) for each in releases)
    table = ("  ".join(f.ljust(w) for f, w in zip(row, widths, strict=True)).rstrip() for row in rows)
    return [f"{waiting} of {len(releases)} wait for you", *(table if releases else ())]


def _row(number: int, release: dict[str, Any], now: datetime) -> tuple[str, ...]:
    record = release["record"] or {}
    hidden = f"{record['cells_hidden']} of {record['cells']}" if record else ""
    return (
        f"{number}.",
        str(release["release_id"]),
        str(release["project_id"]),
        _age(now - datetime.fromisoformat(str(release["opened_at"]))),
        _state(release),
        hidden,
        ", ".join(_flags(record)),
    )


def _age(waited: timedelta) -> str:
    days, rest = divmod(waited, DAY)
    hours, rest = divmod(rest, HOUR)
    return f"{days} d {hours} h ago" if days else f"{hours} h {rest.seconds // 60} min ago"


def _state(release: dict[str, Any]) -> str:
    if release["awaits_you"]:
        return f"waits for you, {release['decisions_made']} decided"
    return str(release["state"])


def _flags(record: dict[str, Any]) -> Iterable[str]:
    history = record.get("history")
    if history and history["over_budget"]:
        yield "OVER BUDGET"
    if record and record["cells_hidden"] * 2 > record["cells"]:
        yield "mostly hidden"
    if history and history["tables_before"] == 0:
        yield "first of its project"
