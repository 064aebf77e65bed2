"""Every rule of every data set can fail: a fault is planted against each, and found as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pytest

from linkage_engine.catalogue.data_sets import DATA_SETS, OPT_OUT, PERSON_KEY, DataSet, Field, FieldType
from linkage_engine.contract.reports import FieldReport
from linkage_engine.validate.across import NO_BIRTHS, check_across
from linkage_engine.validate.rows import check
from tests.unit.validate.good_rows import EXTRACT_DATE, an_extract, schema_of

NAMES = (*DATA_SETS, OPT_OUT)
Change = dict[str, str | None]
WORDS = {"type": "CANARY", "pattern": "!", "list": "no-such-code"}
NOWHERE = {"icb": "E54999999", "cancer_alliance": "E56999999", "council": "E06999999"}
SECOND = f"{2:032x}"


def of_one_field(field: Field) -> Iterator[tuple[str, Change]]:
    """What each rule of a field by itself refuses."""
    limits = field.constraints
    if limits.required:
        yield "required", {field.name: " "}
    if field.type is not FieldType.STRING:
        yield "type", {field.name: WORDS["type"]}
    if limits.pattern:
        yield "pattern", {field.name: WORDS["pattern"]}
    if field.codes:
        yield "list", {field.name: WORDS["list"]}
    if field.area_level:
        yield "area", {field.name: NOWHERE[field.area_level]}
    for limit, step in ((limits.minimum, -1), (limits.maximum, 1)):
        if isinstance(limit, date):
            yield "range", {field.name: (limit + timedelta(days=step)).isoformat()}
        elif limit is not None:
            yield "range", {field.name: str(limit + step)}


def out_of_order(schema: DataSet) -> Iterator[tuple[str, Change]]:
    """Two dates the wrong way round, for each order; under the later field where the data set has it."""
    for order in schema.order:
        field = schema.field(order.earlier)
        assert field is not None
        late = EXTRACT_DATE + timedelta(days=1)
        text = str(late.year + 1) if field.type is FieldType.YEAR else late.isoformat()
        if schema.field(order.later) is None:
            yield order.earlier, {order.earlier: text}
        else:
            yield order.later, {order.earlier: text, order.later: EXTRACT_DATE.isoformat()}


def planted(schema: DataSet) -> list[tuple[tuple[str, str], Change]]:
    """Field and rule that a change of a good row offends."""
    faults = [((f.name, rule), change) for f in schema.fields for rule, change in of_one_field(f)]
    return [*faults, *(((field, "order"), change) for field, change in out_of_order(schema))]


def found(findings: list[FieldReport] | tuple[FieldReport, ...]) -> dict[tuple[str, str], tuple[int, ...]]:
    return {(f.field, f.rule): f.row_numbers for f in findings if not f.outcome.passed}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.mark.parametrize("name", NAMES)
def test_each_planted_fault_is_found_in_its_row(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    faults = planted(schema_of(name))
    rows = an_extract(name, {}, *(change for _, change in faults))
    report = check(connection, rows, schema_of(name), extract_date=EXTRACT_DATE)
    told = {(f.field, f.rule, row) for f in report.findings if not f.outcome.passed for row in f.row_numbers}
    expected = {(*offended, row) for row, (offended, _) in enumerate(faults, start=3)}
    assert expected <= told
    # A day outside of its range is most often before or after another one too.
    assert {rule for _, rule, _ in told - expected} <= {"order"}
    assert 2 not in {row for *_, row in told}, "the good row"
    assert "CANARY" not in report.to_json()


@pytest.mark.parametrize("name", NAMES)
def test_a_row_that_is_there_twice_is_found(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    schema = schema_of(name)
    twice = an_extract(name, {}, {}, {PERSON_KEY: SECOND})
    report = check(connection, twice, schema, extract_date=EXTRACT_DATE)
    assert found(report.findings)[schema.primary_key[-1], "unique"] == (3, 4)
    if schema.row_id:
        again = an_extract(name, {}, {}, {PERSON_KEY: SECOND, schema.row_id: "X9"})
        report = check(connection, again, schema, extract_date=EXTRACT_DATE)
        told = {(schema.row_id, "duplicate"): (3, 4)}
        if schema.same_event:
            told[schema.same_event.by, "same_event"] = (3, 4)
        assert found(report.findings) == told


@pytest.mark.parametrize(("name", "day"), [(n, day) for n in DATA_SETS for day in schema_of(n).lifetime])
def test_a_day_outside_of_a_life_is_found(connection: duckdb.DuckDBPyConnection, name: str, day: str) -> None:
    births = pa.table({PERSON_KEY: [SECOND], "date_of_birth": ["2023-01-02"]})
    part = an_extract(name, {day: "2023-01-01"}, {day: "2023-01-01"})
    early = check_across(connection, {name: part}, births=births)[name]
    assert found(early)[day, "birth"] == (3,)
    if name != "death":
        deaths = an_extract("death", {PERSON_KEY: SECOND, "date_of_death": "2022-12-31"})
        late = check_across(connection, {"death": deaths, name: part}, births=NO_BIRTHS)[name]
        assert found(late)[day, "death"] == (3,)
        [after] = [f for f in late if (f.field, f.rule) == (day, "death")]
        assert after.outcome.failed is not schema_of(name).may_outlive


def test_two_deaths_of_one_person_fail(connection: duckdb.DuckDBPyConnection) -> None:
    deaths = an_extract("death", {}, {PERSON_KEY: f"{1:032x}", "date_of_death": "2021-01-03"})
    report = check(connection, deaths, schema_of("death"), extract_date=EXTRACT_DATE)
    assert not report.passed
    assert found(report.findings) == {(PERSON_KEY, "unique"): (2, 3)}


def test_a_diagnosis_after_the_death_fails(connection: duckdb.DuckDBPyConnection) -> None:
    parts = {
        "death": an_extract("death", {"date_of_death": "2019-05-05"}),
        "cancer_registration": an_extract("cancer_registration", {}),
    }
    [late] = check_across(connection, parts, births=NO_BIRTHS)["cancer_registration"]
    assert (late.field, late.rule, late.outcome.failed) == ("diagnosis_date", "death", True)


def test_a_tumour_without_a_person_fails(connection: duckdb.DuckDBPyConnection) -> None:
    tumours = an_extract("cancer_registration", {PERSON_KEY: None})
    report = check(connection, tumours, schema_of("cancer_registration"), extract_date=EXTRACT_DATE)
    assert not report.passed
    assert found(report.findings) == {(PERSON_KEY, "required"): (2,)}


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        ({}, None),
        ({"tumour_id": "T2"}, (3,)),
        ({PERSON_KEY: SECOND, "tumour_id": "T1"}, (3,)),
        ({"tumour_id": " "}, None),
    ],
)
def test_care_for_a_tumour_that_the_registrations_of_the_person_lack_is_pointed_out(
    connection: duckdb.DuckDBPyConnection, change: Change, rows: tuple[int, ...] | None
) -> None:
    same = {PERSON_KEY: f"{1:032x}", "personalised_care_record_id": "R2"}
    care = an_extract("cosd_personalised_care", {}, {**same, **change})
    parts = {"cosd_personalised_care": care, "cancer_registration": an_extract("cancer_registration", {})}
    told = found(check_across(connection, parts, births=NO_BIRTHS)["cosd_personalised_care"])
    assert told == ({} if rows is None else {("tumour_id", "reference"): rows})
    del parts["cancer_registration"]
    assert check_across(connection, parts, births=NO_BIRTHS)["cosd_personalised_care"] == []
