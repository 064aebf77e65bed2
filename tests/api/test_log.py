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
    for query in ("action=sing", "limit=0", "limit=501", "after=-1", "actor="):
        assert project.get("audrey", f"/log/entries?{query}").status_code == 422
