from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.contract.reports import FieldReport, ValidationClass
from linkage_engine.validate.across import check_across

ANN, BOB = f"{1:032x}", f"{2:032x}"
NOBODY = pa.table({"person_key": pa.array([], pa.string()), "date_of_birth": pa.array([], pa.string())})
Row = dict[str, str | None]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def a_part(name: str, *rows: Row) -> pa.Table:
    return pa.table({c: pa.array([row.get(c) for row in rows], pa.string()) for c in data_set(name).columns})


def an_admission(person: str | None, day: str) -> Row:
    return {"person_key": person, "start_date_hospital_provider_spell": day}


def a_death(person: str, day: str) -> Row:
    return {"person_key": person, "date_of_death": day}


def births(**days: str | None) -> pa.Table:
    keys = {"ann": ANN, "bob": BOB}
    return pa.table(
        {
            "person_key": pa.array([keys[name] for name in days], pa.string()),
            "date_of_birth": pa.array(list(days.values()), pa.string()),
        }
    )


def said(findings: list[FieldReport]) -> list[tuple[str, str, ValidationClass, int, tuple[int, ...]]]:
    return [(f.field, f.rule, f.outcome, f.rows, f.row_numbers) for f in findings]


def test_an_event_after_the_death_fails(connection: duckdb.DuckDBPyConnection) -> None:
    parts = {
        "apc_spell": a_part(
            "apc_spell",
            an_admission(ANN, "2022-03-04"),
            an_admission(ANN, "2022-03-05"),
            an_admission(BOB, "2024-01-01"),
        ),
        "death": a_part("death", a_death(ANN, "2022-03-04")),
    }
    found = check_across(connection, parts, births=NOBODY)
    start = "start_date_hospital_provider_spell"
    assert said(found["apc_spell"]) == [(start, "death", ValidationClass.INVALID, 1, (3,))]
    assert found["death"] == []


def test_an_event_before_the_birth_is_undetermined(connection: duckdb.DuckDBPyConnection) -> None:
    parts = {
        "apc_spell": a_part("apc_spell", an_admission(ANN, "1999-12-31"), an_admission(BOB, "2000-01-01")),
        "death": a_part("death", a_death(BOB, "1999-12-31")),
    }
    found = check_across(connection, parts, births=births(ann="2000-01-01", bob="2000-01-01"))
    start = "start_date_hospital_provider_spell"
    assert sorted(said(found["apc_spell"])) == [
        (start, "birth", ValidationClass.UNDETERMINED, 1, (2,)),
        (start, "death", ValidationClass.INVALID, 1, (3,)),
    ]
    assert said(found["death"]) == [("date_of_death", "birth", ValidationClass.UNDETERMINED, 1, (2,))]


@pytest.mark.parametrize("born", [None, "soon", "1999-02-30"])
def test_without_a_birth_or_a_death_that_can_be_read_nothing_is_said(
    connection: duckdb.DuckDBPyConnection, born: str | None
) -> None:
    parts = {
        "apc_spell": a_part(
            "apc_spell",
            an_admission(ANN, "1890-01-01"),
            an_admission(ANN, "never"),
            an_admission(None, "2022-01-01"),
        ),
        "death": a_part("death", a_death(ANN, "CANARY")),
    }
    assert check_across(connection, parts, births=births(ann=born)) == {"apc_spell": [], "death": []}


def test_without_deaths_births_alone_are_looked_at(connection: duckdb.DuckDBPyConnection) -> None:
    parts = {"ecds_attendance": a_part("ecds_attendance", {"person_key": ANN, "arrival_date": "1999-01-01"})}
    found = check_across(connection, parts, births=births(ann="1999-01-02"))
    assert [f.rule for f in found["ecds_attendance"]] == ["birth"]
