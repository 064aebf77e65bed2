"""Rolling resubmissions of adult social care: each event once, as the latest submission has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.catalogue.definitions.social_care import social_care
from linkage_engine.validate.resubmissions.join import joined
from linkage_engine.validate.rows import check
from tests.unit.validate.good_rows import EXTRACT_DATE

SCHEMA = data_set("asc_cld_event")
ANN, BOB = f"{1:032x}", f"{2:032x}"
FIRST, SECOND, THIRD = (
    {
        "submission_timestamp": f"{year}-{month}-20",
        "reporting_period_start": start,
        "reporting_period_end": end,
    }
    for year, month, start, end in (
        ("2024", "04", "2023-04-01", "2024-03-31"),
        ("2024", "07", "2023-07-01", "2024-06-30"),
        ("2024", "10", "2023-10-01", "2024-09-30"),
    )
)
Row = Mapping[str, str | None]


def an_event(**changes: str | None) -> dict[str, str | None]:
    event = {
        "person_key": ANN,
        "event_reference": "E1",
        "la_code": "E08000035",
        "event_type": "request",
        "event_start_date": "2024-01-05",
        "event_end_date": "2024-01-09",
        "client_type": "cared_for",
        "request_route_of_access": "community",
    }
    return event | changes


def a_service(**changes: str | None) -> dict[str, str | None]:
    service = {
        "event_type": "service",
        "event_end_date": None,
        "request_route_of_access": None,
        "service_type": "long_term_community",
        "service_component": "home_care",
    }
    return an_event(**{**service, **changes})


def a_table(rows: Sequence[Row]) -> pa.Table:
    return pa.table({c: pa.array([row.get(c) for row in rows], pa.string()) for c in SCHEMA.columns})


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def stood(connection: duckdb.DuckDBPyConnection, *rows: Row) -> tuple[list[dict[str, Any]], dict[str, int]]:
    found = joined(connection, a_table(rows), SCHEMA)
    counts = found.counts.model_dump(include={"rows_kept", "rows_not_current", "rows_same_event"})
    assert sum(counts.values()) + found.counts.rows_untold == found.counts.rows_read == len(rows)
    return found.table.to_pylist(), counts


def test_the_same_event_in_two_resubmissions_is_kept_once_and_the_later_wins(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    first = an_event(event_outcome="advice", **FIRST)
    second = an_event(event_outcome="assessment", event_reference="Z9", **SECOND)
    rows, counts = stood(connection, second, first)
    assert [(row["event_outcome"], row["event_reference"]) for row in rows] == [("assessment", "Z9")]
    assert counts == {"rows_kept": 1, "rows_not_current": 1, "rows_same_event": 0}


def test_a_naive_import_that_counts_resubmissions_twice_fails_its_checks(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Whoever puts submissions together without joining them is refused, also under new references."""
    rows = [
        an_event(**FIRST),
        an_event(event_reference="E2", **SECOND),
        a_service(event_reference="E3", **FIRST),
        a_service(event_reference="E4", event_end_date="2024-05-01", **SECOND),
    ]
    naive = a_table(rows)
    report = check(connection, naive, SCHEMA, extract_date=EXTRACT_DATE)
    assert not report.passed
    told = [(f.field, f.rule, f.rows, f.row_numbers) for f in report.findings if f.outcome.failed]
    assert told == [("event_type", "same_event", 4, (2, 3, 4, 5))]
    joint = joined(connection, naive, SCHEMA).table
    assert joint.num_rows == 2
    assert check(connection, joint, SCHEMA, extract_date=EXTRACT_DATE).passed


def test_an_event_that_only_an_earlier_submission_covers_is_kept(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    early = {"event_start_date": "2023-05-01", "event_end_date": "2023-05-02"}
    rows, counts = stood(connection, an_event(**early, **FIRST), an_event(**SECOND))
    assert [row["event_end_date"] for row in rows] == ["2023-05-02", "2024-01-09"]
    assert counts["rows_kept"] == 2


def test_what_a_later_submission_no_longer_has_is_not_current(connection: duckdb.DuckDBPyConnection) -> None:
    rows, counts = stood(connection, an_event(**FIRST), an_event(person_key=BOB, **SECOND))
    assert [row["person_key"] for row in rows] == [BOB]
    assert counts == {"rows_kept": 1, "rows_not_current": 1, "rows_same_event": 0}


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({}, True),
        ({"event_reference": "X", "event_outcome": "none", "ethnic_category": "A"}, True),
        ({"event_end_date": "2024-01-10"}, False),
        ({"event_start_date": "2024-01-04"}, False),
        ({"request_route_of_access": "prison"}, False),
        ({"client_type": "carer"}, False),
        ({"la_code": "E08000032"}, False),
        ({"person_key": BOB}, False),
        ({"event_type": "review"}, False),
        ({"assessment_type": "carer"}, True),
    ],
)
def test_what_makes_two_requests_one_event(
    connection: duckdb.DuckDBPyConnection,
    change: dict[str, str],
    is_same: bool,  # noqa: FBT001  # a case
) -> None:
    rows, _ = stood(connection, an_event(), an_event(**change))
    assert len(rows) == (1 if is_same else 2)


@pytest.mark.parametrize(
    ("change", "within", "across"),
    [
        ({"event_end_date": "2024-12-01"}, 1, 1),
        ({"delivery_mechanism": "direct_payment"}, 2, 1),
        ({"service_component": "day_support"}, 2, 2),
        ({"service_type": "long_term_nursing"}, 2, 2),
    ],
)
def test_a_service_is_the_same_without_its_end_and_across_submissions_without_its_arrangement(
    connection: duckdb.DuckDBPyConnection, change: dict[str, str], within: int, across: int
) -> None:
    rows, _ = stood(connection, a_service(), a_service(**change))
    assert len(rows) == within
    rows, _ = stood(connection, a_service(**SECOND), a_service(**change, **SECOND), an_event(**FIRST))
    assert len([row for row in rows if row["event_type"] == "service"]) == across


def test_a_service_that_is_seen_again_stands_as_it_was_seen_last(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows, counts = stood(
        connection, a_service(**FIRST), a_service(event_end_date="2024-08-31", **THIRD), an_event(**SECOND)
    )
    [service] = [row for row in rows if row["event_type"] == "service"]
    assert service["event_end_date"] == "2024-08-31"
    assert counts["rows_same_event"] == 0


def test_an_open_service_that_is_not_seen_again_is_cropped_to_the_end_of_its_quarter(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """The first submission speaks for 2023Q2 alone: the others have the quarters after it."""
    old = a_service(event_start_date="2023-05-01", **FIRST)
    found = joined(connection, a_table([old, an_event(**SECOND), an_event(**THIRD)]), SCHEMA)
    [service] = [row for row in found.table.to_pylist() if row["event_type"] == "service"]
    assert service["event_end_date"] == "2023-06-30"
    assert found.counts.services_cropped == 1
    assert (found.counts.first_quarter, found.counts.last_quarter) == ("2023Q2", "2024Q3")


def test_an_open_service_of_the_last_quarter_and_of_one_submission_stays_open(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows, _ = stood(connection, a_service(**SECOND), an_event(**FIRST))
    assert [row["event_end_date"] for row in rows if row["event_type"] == "service"] == [None]
    rows, _ = stood(connection, a_service(**FIRST))
    assert [row["event_end_date"] for row in rows] == [None]


def test_an_event_ends_with_a_death_before_its_end(connection: duckdb.DuckDBPyConnection) -> None:
    dead = {"date_of_death": "2024-01-07"}
    found = joined(connection, a_table([an_event(**dead), a_service(**dead, event_reference="E2")]), SCHEMA)
    assert [row["event_end_date"] for row in found.table.to_pylist()] == ["2024-01-07"] * 2
    assert found.counts.ended_by_death == 2
    later = a_table([an_event(date_of_death="2024-02-01")])
    assert joined(connection, later, SCHEMA).table.to_pylist()[0]["event_end_date"] == "2024-01-09"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"event_end_date": None}, {"event_end_date": "2024-12-01"}),
        ({"event_end_date": "2024-12-01"}, {"event_end_date": "2024-11-01"}),
        ({"event_outcome": "short_term"}, {"event_outcome": "assessment"}),
        ({"event_outcome": "other"}, {"event_outcome": "unknown"}),
        ({"event_outcome": "other"}, {"event_outcome": None}),
        ({"conversation": "yes"}, {"conversation": "no"}),
        ({"conversation": "yes"}, {"conversation": None}),
        ({"submission_timestamp": "2024-04-20T10:00"}, {"submission_timestamp": "2024-04-20"}),
    ],
)
def test_of_two_rows_of_one_event_the_better_stands_in_either_order(
    connection: duckdb.DuckDBPyConnection, one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    marked, plain = a_service(event_reference="BETTER", **one), a_service(**other)
    if "submission_timestamp" in one:
        marked, plain = {**FIRST, **marked}, {**FIRST, **plain}
    for rows in ((marked, plain), (plain, marked)):
        stand, _ = stood(connection, *rows)
        assert [row["event_reference"] for row in stand] == ["BETTER"]


@pytest.mark.parametrize(
    "change",
    [
        {"person_key": None},
        {"la_code": " "},
        {"event_type": "CANARY"},
        {"event_start_date": "CANARY"},
        {"event_end_date": "CANARY"},
    ],
)
def test_a_row_that_cannot_be_told_is_kept_for_its_checks_to_find(
    connection: duckdb.DuckDBPyConnection, change: dict[str, str | None]
) -> None:
    found = joined(
        connection,
        a_table([an_event(), an_event(event_reference="E2", **change), an_event(person_key=BOB)]),
        SCHEMA,
    )
    assert (found.counts.rows_untold, found.counts.rows_kept) == (1, 2)
    assert found.table.column("row_number").to_pylist() == [2, 3, 4]
    report = check(connection, found.table, SCHEMA, extract_date=EXTRACT_DATE)
    assert [f.row_numbers for f in report.findings if f.outcome.failed] == [(3,)]


def many(submission: Row, months: Mapping[str, int], kinds: Sequence[str]) -> list[Row]:
    """So many events that end in each month, of all kinds in turn, each of another person."""
    return [
        an_event(
            person_key=f"{number:x}{month.replace('-', '')}".rjust(32, "0"),
            event_type=kinds[number % len(kinds)],
            event_start_date=f"{month}-01",
            event_end_date=f"{month}-15",
            **submission,
        )
        for month, events in months.items()
        for number in range(events)
    ]


FOUR = ("request", "assessment", "service", "review")


def test_the_period_is_what_the_events_say_and_not_what_is_stated(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """The later submission states a year and has a quarter: the earlier one speaks for the others."""
    year = {f"2023-{month:02}": 20 for month in range(4, 13)} | {
        f"2024-{month:02}": 20 for month in (1, 2, 3)
    }
    quarter = {f"2024-{month:02}": 40 for month in (4, 5, 6)} | {"2024-01": 1}
    stated = {"reporting_period_start": "2023-07-01", "reporting_period_end": "2024-06-30"}
    later = {**SECOND, **stated}
    found = joined(connection, a_table([*many(FIRST, year, FOUR), *many(later, quarter, FOUR)]), SCHEMA)
    assert found.counts.rows_kept == 12 * 20 + 3 * 40
    assert found.counts.rows_not_current == 1
    assert (found.counts.first_quarter, found.counts.last_quarter) == ("2023Q2", "2024Q2")


def test_quarters_that_no_submission_covers_are_named(connection: duckdb.DuckDBPyConnection) -> None:
    early = {f"2022-{month:02}": 20 for month in range(1, 13)}
    late = {f"2023-{month:02}": 20 for month in range(7, 13)} | {
        f"2024-{month:02}": 20 for month in (1, 2, 3)
    }
    first = {"submission_timestamp": "2023-01-20"}
    found = joined(connection, a_table([*many(first, early, FOUR), *many(FIRST, late, FOUR)]), SCHEMA)
    assert found.counts.missing_quarters == ("2023Q1", "2023Q2")


def test_without_a_period_that_can_be_told_no_quarter_is_covered(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = [an_event(submission_timestamp="2024-04-20"), an_event(submission_timestamp="2024-07-20")]
    counts = joined(connection, a_table(rows), SCHEMA).counts
    assert (counts.submissions, counts.first_quarter, counts.rows_kept, counts.rows_not_current) == (
        2,
        None,
        0,
        2,
    )


def test_three_rolling_years_count_every_event_once(connection: duckdb.DuckDBPyConnection) -> None:
    """Whatever the order of rows: the number of events is that of the world, not of the submissions."""
    world = [f"{year}-{month:02}" for year in (2023, 2024) for month in range(1, 13)]
    rows: list[Row] = []
    for number in range(4):
        months = world[3 * number : 3 * number + 12]
        made = {"submission_timestamp": _next(months[-1])}
        rows += many(made, dict.fromkeys(months, 12), FOUR)
    found = joined(connection, a_table(rows[::-1]), SCHEMA)
    assert found.counts.rows_read == 4 * 12 * 12
    assert found.counts.rows_kept == 21 * 12
    assert len({row["person_key"] for row in found.table.to_pylist()}) == 21 * 12


def _next(month: str) -> str:
    day = date.fromisoformat(f"{month}-01")
    return f"{day.year + day.month // 12}-{day.month % 12 + 1:02}-20"


def test_the_rules_name_codes_and_fields_of_the_catalogue() -> None:
    care, same = social_care(), SCHEMA.same_event
    assert same is not None
    outcome, by = SCHEMA.field("event_outcome"), SCHEMA.field(same.by)
    assert outcome is not None
    assert by is not None
    assert set(care.outcome_hierarchy) <= set(outcome.codes)
    assert same.fields.keys() == set(by.codes)
    assert {care.service} < same.fields.keys()
    assert all(set(names) <= set(SCHEMA.columns) for names in same.fields.values())
    assert set(care.only_within_one_submission) <= set(same.fields[care.service])
    for fields in care.releases.values():
        for name, texts in fields.items():
            field = SCHEMA.field(name)
            assert field is not None
            assert set(texts.values()) <= set(field.codes)


def test_both_releases_reach_the_same_service_types_and_the_second_nothing_that_is_not_mapped() -> None:
    one, two = social_care().releases.values()
    assert set(one["service_type"].values()) == set(two["service_type"].values())
    assert set(one["event_outcome"].values()) - set(two["event_outcome"].values()) == {"unmapped"}
