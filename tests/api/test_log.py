"""The log as seen from outside: a checkpoint for everybody, entries for reviewers."""

from __future__ import annotations

import pytest

from service.audit.checkpoint import LogKey
from tests.at_work import AtWork
from tests.factories import PROJECT

pytestmark = pytest.mark.both_databases


def test_the_newest_checkpoint_is_public(project: AtWork) -> None:
    project.bring_log_up_to_date()
    answer = project.client.get("/log/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    checkpoint = LogKey.from_text(project.here.pins.log_vkey).open(answer.text)
    assert checkpoint.size == len(project.entries())


def test_there_is_nothing_to_export_before_the_first_checkpoint(project: AtWork) -> None:
    assert project.get("audrey", "/log/export").status_code == 503
    assert "log:export" not in {entry.action for entry in project.entries()}


def test_a_reviewer_reads_the_log_in_pages_and_every_reading_is_entered(project: AtWork) -> None:
    project.bring_log_up_to_date()
    first = project.get("audrey", "/log/entries?limit=3").json()
    assert [entry["sequence"] for entry in first] == [1, 2, 3]
    assert [entry["log_index"] for entry in first] == [0, 1, 2]
    rest = project.get("audrey", "/log/entries?after=3").json()
    assert rest[0]["sequence"] == 4
    reading = project.entries()[-1]
    assert (reading.action, reading.detail) == ("log:read", {"first": 3, "count": len(rest)})


def test_the_log_is_searched_by_act_and_actor(project: AtWork) -> None:
    project.get("rosalind", f"/projects/{PROJECT}")
    found = project.get("audrey", "/log/entries?action=project:read&actor=rosalind").json()
    assert [(entry["action"], entry["actor"]) for entry in found] == [("project:read", "rosalind")]
    assert project.get("audrey", "/log/entries?action=project:read&actor=nobody").json() == []


def test_a_search_outside_the_words_of_the_log_is_refused(project: AtWork) -> None:
    before = len(project.entries())
    for query in REFUSED:
        answer = project.get("audrey", f"/log/entries?{query}")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/request-invalid"), query
        assert "sing-a-tune" not in answer.text
    assert {entry.action for entry in project.entries()[before:]} <= {"request:refuse"}


REFUSED = (
    *("action=sing-a-tune", "outcome=sung", "limit=0", "limit=501", "after=-1", "upto=-1"),
    *("actor=", "person=two%20words", "subject=%00", "project=PROJECT", "from=yesterday"),
    *("from=2026-11-22", "to=2026-11-22T10:00:00", "from=0001-01-01T00:00:00%2B14:00"),
    *("to=9999-12-31T23:59:59Z", "colour=blue"),
)


def test_a_period_without_a_moment_is_refused(project: AtWork) -> None:
    for start, end in (("2026-11-03", "2026-11-01"), ("2026-11-01", "2026-11-01")):
        answer = project.get("audrey", f"/log/entries?from={start}T00:00:00Z&to={end}T00:00:00Z")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/period-invalid")


def test_a_person_is_found_as_actor_and_as_subject(project: AtWork) -> None:
    project.get("rosalind", f"/projects/{PROJECT}")
    found = project.get("audrey", "/log/entries?person=rosalind").json()
    assert {(e["action"], e["actor"], e["subject"]) for e in found} >= {
        ("principal:register", "operator", "rosalind"),
        ("project:read", "rosalind", PROJECT),
    }
    assert all("rosalind" in {entry["actor"], entry["subject"]} for entry in found)


def test_refusals_of_a_project_are_found_in_their_time(project: AtWork) -> None:
    begun = project.clock().isoformat().replace("+", "%2B")
    project.clock.forward(seconds=60)
    project.get("clara", f"/projects/{PROJECT}/linkage-runs")
    project.post("rosalind", f"/projects/{PROJECT}/linkage-runs")
    [refused] = project.get("audrey", f"/log/entries?outcome=refused&actor=rosalind&from={begun}").json()
    assert (refused["action"], refused["detail"]["status"]) == ("request:refuse", 403)
    assert project.get("audrey", f"/log/entries?outcome=refused&to={begun}").json() == []


def test_a_reading_is_one_entry_that_says_what_was_asked_and_repeats_nothing(project: AtWork) -> None:
    search = (
        f"person=rosalind&project={PROJECT}&action=query:ask&outcome=done&from=2026-01-01T00:00:00%2B01:00"
    )
    before = len(project.entries())
    assert project.get("audrey", f"/log/entries?{search}").json() == []
    [reading] = project.entries()[before:]
    assert (reading.action, reading.subject, reading.project) == ("log:read", "log", PROJECT)
    assert reading.detail == {
        "first": 0,
        "count": 0,
        "filters": "person+project+action+outcome+since",
        "principal_id": "rosalind",
        "asked_action": "query:ask",
        "asked_outcome": "done",
        "since": "2025-12-31T23:00:00.000000Z",
    }
    project.get("audrey", "/log/entries?person=Smith.John&project=no-such-project&to=2026-01-01T00:00:00Z")
    assert project.entries()[-1].detail == {
        "first": 0,
        "count": 0,
        "filters": "person+project+until",
        "until": "2026-01-01T00:00:00.000000Z",
    }
    assert project.entries()[-1].project is None


def test_pages_lead_on_to_where_the_log_ended_at_first(project: AtWork) -> None:
    project.get("rosalind", f"/projects/{PROJECT}")
    whole = [entry.entry_id for entry in project.entries()]
    found, address = [], "/log/entries?limit=1"
    for _ in range(len(whole) + 2):
        answer = project.get("audrey", address)
        found += [entry["entry_id"] for entry in answer.json()]
        if "next" not in answer.links:
            break
        address = answer.links["next"]["url"]
    assert found == whole  # the readings themselves came after


def test_a_page_that_is_not_full_is_the_last(project: AtWork) -> None:
    assert "link" not in project.get("audrey", "/log/entries?limit=500").headers
    assert project.get("audrey", f"/log/entries?after={2**53 - 1}").json() == []
