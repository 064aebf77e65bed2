"""The queue of a checker with twenty requests: what waits longest comes first, flags say where to look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service.checker.queue import in_order, queue_lines
from tests.factories import NOON, a_published_record


def a_release(number: int, *, age: timedelta, awaits: bool = True, **changes: Any) -> dict[str, Any]:
    record = a_published_record(cells=12, cells_hidden=2).model_dump(mode="json")
    return {
        "release_id": f"release-{number}",
        "project_id": "prevalence-study",
        "opened_at": (NOON - age).isoformat(),
        "state": "awaiting",
        "awaits_you": awaits,
        "decisions_made": 1,
        "record": record,
    } | changes


def test_the_oldest_that_waits_for_you_comes_first_and_the_newest_of_the_others_after() -> None:
    hours = {1: (1, True), 2: (30, True), 3: (2, False), 4: (50, False), 5: (7, True)}
    releases = [a_release(n, age=timedelta(hours=h), awaits=waits) for n, (h, waits) in hours.items()]
    assert [each["release_id"][-1] for each in in_order(releases)] == ["2", "5", "1", "3", "4"]


def test_a_line_has_age_state_and_how_much_is_hidden() -> None:
    releases = [
        a_release(1, age=timedelta(days=3, hours=4)),
        a_release(2, age=timedelta(minutes=7), awaits=False, state="signed"),
    ]
    first, _, waiting, other = queue_lines(releases, NOON)
    assert first == "1 of 2 wait for you"
    assert waiting.split("  ")[:3] == ["1.", "release-1", "prevalence-study"]
    assert "3 d 4 h ago" in waiting
    assert "waits for you, 1 decided" in waiting
    assert "2 of 12" in waiting
    assert "0 h 7 min ago" in other
    assert "signed" in other


def test_flags_are_of_what_may_be_known_outside_the_evidence() -> None:
    record = a_published_record(cells=12, cells_hidden=7).model_dump(mode="json")
    record["history"] |= {"over_budget": True, "tables_before": 0}
    line = queue_lines([a_release(1, age=timedelta(0), record=record)], NOON)[-1]
    assert line.endswith("OVER BUDGET, mostly hidden, first of its project")


def test_a_release_without_a_record_has_no_flags() -> None:
    line = queue_lines([a_release(1, age=timedelta(0), record=None)], NOON)[-1]
    assert line.endswith("waits for you, 1 decided")


def test_an_empty_queue_is_one_line() -> None:
    assert queue_lines([], NOON) == ["0 of 0 wait for you"]
