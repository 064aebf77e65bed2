"""Output checkers see the table before and after control, sealed to each, and decide on exactly that."""

from __future__ import annotations

import json

import pytest

from tests.running import CHECKERS, Running

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def waiting(running: Running) -> str:
    """A release that awaits its checkers."""
    query_id = running.ask(running.question(breakdowns=["sex"]))
    assert running.answered(query_id) == "controlled"
    return query_id


def test_a_checker_finds_opens_and_refuses(running: Running) -> None:
    release_id = running.ask(running.question(breakdowns=["age_band"]))
    assert running.answered(release_id) == "controlled"
    queue = json.loads(running.tool("tre-checker", "queue", "--json", who="checker-one"))
    [found] = [one for one in queue if one["release_id"] == release_id]
    assert found["state"] == "awaiting"
    shown = running.tool("tre-checker", "open", release_id, who="checker-one")
    assert "numerator (before)" in shown
    assert "numerator (after)" in shown
    assert "with a band; evidence " in shown
    digest = shown.rsplit("evidence ", 1)[1].strip()
    assert digest == running.evidence("checker-one", release_id)[1]
    said = json.loads(
        running.tool(
            "tre-checker", "refuse", release_id, "--reason", "One row is too small.", who="checker-one"
        )
    )
    assert said["state"] == "refused"
    with running.refused("researcher", "not-released", "Wait for two checkers"):
        running.client("researcher").download(f"/releases/{release_id}/package")
    with running.refused("checker-two", "already-decided", "nothing was changed"):
        running.decide("checker-two", release_id)


def test_both_checkers_are_shown_the_same_evidence(running: Running, waiting: str) -> None:
    (one, first), (other, second) = (running.evidence(checker, waiting) for checker in CHECKERS)
    assert (one, first) == (other, second)
    table = one.table
    hidden = [
        (before, value)
        for row, exact in zip(table.rows, one.exact, strict=True)
        for value, before in zip(row.values, exact, strict=True)
        if value.value is None
    ]
    assert hidden
    assert any(before is not None for before, _ in hidden), "a checker sees what control hides"


def test_evidence_is_sealed_to_each_checker_alone(running: Running, waiting: str) -> None:
    folder = running.demo.home / "spool" / "evidence" / waiting
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.age" for name in CHECKERS]
    assert len({path.read_bytes() for path in folder.iterdir()}) == len(CHECKERS)
