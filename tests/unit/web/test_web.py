"""What the api says of itself, and what its log lines may say."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from service.logs import KEYS, UnknownLogKey, logger
from service.pages.health import processes
from service.problems.catalogue import CATALOGUE
from service.problems.problem import faults_of
from service.sandbox.status import write_status
from service.web.answers import problem_answer
from service.web.body import within_limit
from tests.factories import NOON, Watch


@pytest.mark.parametrize(("opened", "state"), [([], "full"), (["vault"], "reduced")])
def test_the_health_page_reads_what_was_measured(tmp_path: Path, opened: list[str], state: str) -> None:
    write_status(tmp_path, "api", isolation=state, opened=opened, clock=Watch())
    (process,) = processes(tmp_path)
    assert (process.role, process.isolation, list(process.open)) == ("api", state, opened)
    assert process.seen_at == NOON


def test_a_log_line_is_json_with_known_keys() -> None:
    file = io.StringIO()
    logger("api", file=file).info("job_done", rows=5, submission_id="s")
    line = json.loads(file.getvalue())
    assert (line["event"], line["rows"], line["process"], line["level"]) == ("job_done", 5, "api", "info")
    assert set(line) <= KEYS


def test_an_unknown_key_is_dropped_and_counted_or_refused_where_strict() -> None:
    file = io.StringIO()
    logger("api", file=file).info("job_done", patient="943 476 5919")
    assert "943" not in file.getvalue()
    assert json.loads(file.getvalue())["dropped"] == 1
    with pytest.raises(UnknownLogKey, match="patient"):
        logger("api", file=file, strict=True).info("job_done", patient="943 476 5919")


def test_a_body_that_was_read_is_read_again_and_then_the_connection_speaks() -> None:
    messages: Iterator[dict[str, object]] = iter(
        [
            {"type": "http.request", "body": b"ab", "more_body": True},
            {"type": "http.request", "body": b"c", "more_body": False},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> dict[str, object]:
        return next(messages)

    async def run() -> tuple[bytes, object]:
        request = await within_limit(Request({"type": "http", "headers": []}, receive), limit=3)
        return await request.body(), await request.receive()

    assert asyncio.run(run()) == (b"abc", {"type": "http.disconnect"})


@pytest.mark.parametrize("slug", sorted(CATALOGUE))
def test_every_problem_is_complete(slug: str) -> None:
    kind = CATALOGUE[slug]
    body = json.loads(bytes(problem_answer(kind()).body))
    assert body["type"] == f"/problems/{slug}"
    assert (body["title"], body["status"]) == (kind.title, kind.status)
    assert 400 <= kind.status < 600
    assert body["detail"].endswith(".")
    assert body["remedy"].endswith(".")
    assert body["detail"] != body["remedy"]


@given(st.text(min_size=1))
def test_the_name_of_an_unknown_field_is_not_repeated(name: str) -> None:
    faults = faults_of([{"loc": ("body", "items", 3, name), "type": "extra_forbidden", "input": name}])
    assert faults == [{"pointer": "/body/items/3", "code": "extra_forbidden"}]
