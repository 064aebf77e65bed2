from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx
import pytest

from service.problems.tools import ServiceUnreachable
from service.reviewer.search import (
    COLUMNS,
    as_csv,
    as_json,
    as_jsonl,
    as_table,
    every_entry,
    first_moment,
    moment_after,
)
from tests.unit.client.test_client import Desk, a_client, saying


def an_entry(sequence: int = 1, **changes: object) -> dict[str, Any]:
    fields = {
        "sequence": sequence,
        "log_index": None,
        "at": "2026-05-01T09:00:00.000000Z",
        "action": "query:ask",
        "actor": "rosalind",
        "subject": "query-1",
        "project": None,
        "outcome": "done",
        "entry_id": "ab" * 16,
        "detail": {"count": 2},
    }
    return fields | changes


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n"], ids=repr)
def test_no_cell_of_a_csv_file_is_a_formula(sign: str) -> None:
    text = as_csv([an_entry(actor=f'{sign}HYPERLINK("x")', subject=f"fine{sign}")])
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert row["actor"] == f'\'{sign}HYPERLINK("x")'
    assert row["subject"] == f"fine{sign}"
    assert text.splitlines()[0] == ",".join(f'"{name}"' for name in COLUMNS)


def test_csv_has_details_as_json_and_nothing_as_an_empty_cell() -> None:
    [row] = csv.DictReader(io.StringIO(as_csv([an_entry()]), newline=""))
    assert (json.loads(row["detail"]), row["project"], row["log_index"]) == ({"count": 2}, "", "")


def test_json_and_json_lines_keep_everything() -> None:
    found = [an_entry(1), an_entry(2, project="cancer-audit")]
    assert json.loads(as_json(found)) == found
    assert [json.loads(line) for line in as_jsonl(found).splitlines()] == found


def test_a_table_has_columns_and_moves_no_cursor() -> None:
    lines = as_table([an_entry(1, actor="a\x1b[2J"), an_entry(10)]).splitlines()
    assert lines[0].split() == ["sequence", "at", "actor", "action", "subject", "project", "outcome"]
    assert lines[1].split()[2] == "a?[2J"
    assert len({line.index("2026") for line in lines[1:]}) == 1


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-11-30", "2026-11-30T00:00:00+00:00", "2026-12-01T00:00:00+00:00"),
        ("2026-11-30T10:00:00Z", "2026-11-30T10:00:00+00:00", "2026-11-30T10:00:00+00:00"),
        ("2026-11-30T10:00:00+01:00", "2026-11-30T10:00:00+01:00", "2026-11-30T10:00:00+01:00"),
    ],
)
def test_a_day_is_whole_and_a_moment_is_itself(text: str, first: str, after: str) -> None:
    assert (first_moment(text), moment_after(text)) == (first, after)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "2026-11-30T10:00:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    for read in (first_moment, moment_after):
        with pytest.raises(ValueError, match=r"."):
            read(text)


@pytest.mark.parametrize(
    "content",
    [
        {"json": {"entries": []}},
        {"json": ["entry"]},
        {"json": [{"sequence": 1}]},
        {"json": [an_entry(2), an_entry(2)]},
        {"json": [an_entry(3), an_entry(2)]},
        {"json": [an_entry("1")]},  # type: ignore[arg-type]  # which is what is wrong with it
        {"text": "hello"},
    ],
)
def test_what_is_no_list_of_entries_going_forward_is_not_the_service(content: dict[str, object]) -> None:
    with pytest.raises(ServiceUnreachable):
        every_entry(a_client(Desk(saying(200, **content))), {})


def test_a_page_that_comes_round_again_ends_the_search() -> None:
    link = {"link": '</log/entries?after=1>; rel="next"'}
    with pytest.raises(ServiceUnreachable):
        every_entry(a_client(Desk(saying(200, json=[an_entry(1)], headers=link))), {})


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example/", "entries"])
def test_a_token_goes_to_no_other_address(address: str) -> None:
    link = {"link": f'<{address}>; rel="next"'}
    desk = Desk(saying(200, json=[an_entry(1)], headers=link))
    with pytest.raises(ServiceUnreachable):
        every_entry(a_client(desk), {})
    assert len(desk.requests) == 1


def test_pages_are_followed_to_the_last() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params.get("after", 0))
        more = {"link": f'</log/entries?after={after + 1}&upto=3>; rel="next"'} if after < 2 else {}
        return httpx.Response(200, json=[an_entry(after + 1)], headers=more)

    found = every_entry(a_client(Desk(answer)), {"person": "rosalind"})
    assert [entry["sequence"] for entry in found] == [1, 2, 3]
