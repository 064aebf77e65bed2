from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pyarrow as pa
import pytest

from linkage_engine.catalogue.data_sets import DATA_SETS, DataSet, data_set
from linkage_engine.contract.refusals import ExtractRejected, RefusalCode
from linkage_engine.contract.reports import FieldReport, ValidationClass, ValidationReport
from linkage_engine.validate.rows import check, typed
from tests.unit.validate.good_rows import EXTRACT_DATE, an_extract


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def failures(report: ValidationReport) -> list[tuple[str, str, ValidationClass, int, tuple[int, ...]]]:
    return [(f.field, f.rule, f.outcome, f.rows, f.row_numbers) for f in report.findings if f.outcome.failed]


def findings_of(report: ValidationReport, field: str) -> list[FieldReport]:
    return [f for f in report.findings if f.field == field]


@pytest.mark.parametrize("name", DATA_SETS)
def test_good_rows_pass_and_each_row_has_one_class_for_each_field(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    schema = data_set(name)
    report = check(connection, an_extract(name, {}, {}, {}), schema, extract_date=EXTRACT_DATE)
    assert report.passed
    assert report.rows == 3
    for field in schema.columns:
        assert sum(f.rows for f in findings_of(report, field) if f.rule != "order") == 3


@pytest.mark.parametrize(
    ("name", "field", "value", "rule"),
    [
        ("cancer_registration", "person_key", "ABC", "pattern"),
        ("cancer_registration", "tumour_id", "has space", "pattern"),
        ("cancer_registration", "diagnosis_date", "2019-02-29", "type"),
        ("cancer_registration", "diagnosis_date", "06/05/2019", "type"),
        ("cancer_registration", "diagnosis_date", "2019-5-6", "type"),
        ("cancer_registration", "diagnosis_date", "1899-12-31", "range"),
        ("cancer_registration", "diagnosis_date", "2025-04-01", "order"),
        ("cancer_registration", "primary_diagnosis_icd10", "C50.9", "pattern"),
        ("cancer_registration", "stage_best", "3A", "list"),
        ("cancer_registration", "age_at_diagnosis", "61.5", "type"),
        ("cancer_registration", "age_at_diagnosis", "1e2", "type"),
        ("cancer_registration", "age_at_diagnosis", "99999999999", "type"),
        ("cancer_registration", "age_at_diagnosis", "-1", "range"),
        ("cancer_registration", "age_at_diagnosis", "121", "range"),
        ("cancer_registration", "vital_status_date", "2019-05-05", "order"),
        ("gp_registration", "gp_practice_code", "E8100", "pattern"),
        ("gp_registration", "registration_end", "2001-02-02", "order"),
        ("gp_registration", "registration_start", "1957-12-31", "order"),
        ("gp_registration", "year_of_birth", "58", "type"),
        ("gp_registration", "year_of_birth", "1879", "range"),
        ("gp_registration", "sex", "Female", "list"),
        ("gp_registration", "lsoa_code", "E02000001", "pattern"),
        ("death", "date_of_death", "2025-04-01", "order"),
        ("death", "place_of_death", "in the garden", "list"),
        ("apc_spell", "admission_method_code", "2E", "list"),
        ("apc_spell", "discharge_date_hospital_provider_spell", "2022-01-01", "order"),
        ("apc_spell", "secondary_diagnoses_icd10", "I10X E119", "pattern"),
        ("apc_spell", "start_date_hospital_provider_spell", "2025-04-01", "order"),
        ("ecds_attendance", "arrival_date", "2025-04-01", "order"),
        ("ecds_attendance", "emergency_care_department_type", "07", "list"),
        ("asc_cld_event", "la_code", "E07000148", "pattern"),
        ("asc_cld_event", "event_type", "Service", "list"),
        ("asc_cld_event", "event_end_date", "2022-01-01", "order"),
        ("asc_cld_event", "la_code", "E06000028", "area"),
        ("gp_registration", "icb_code", "E54000001", "area"),
        ("cancer_registration", "cancer_alliance_code", "E56000001", "area"),
        ("cosd_personalised_care", "hna_status", "offered", "list"),
        ("cosd_personalised_care", "end_of_treatment_summary_date", "2019-05-31", "order"),
        ("cosd_personalised_care", "treatment_end_date", "2019-05-31", "order"),
        ("op_attendance", "attended_or_did_not_attend", "0", "list"),
        ("op_attendance", "treatment_function_code", "80", "pattern"),
        ("gp_event", "concept_type", "note", "list"),
        ("gp_event", "code", "seen in clinic", "pattern"),
        ("community_contact", "contact_duration_minutes", "1441", "range"),
        ("qol_response", "eq_mo", "666", "range"),
        ("qol_response", "eq_vas", "101", "range"),
        ("qol_response", "q28", "555", "range"),
        ("qol_response", "q30", "888", "range"),
        ("qol_response", "response_date", "2022-01-01", "order"),
    ],
)
def test_a_bad_value_fails_by_its_rule_and_names_its_row(
    connection: duckdb.DuckDBPyConnection, name: str, field: str, value: str, rule: str
) -> None:
    report = check(
        connection, an_extract(name, {}, {field: value}), data_set(name), extract_date=EXTRACT_DATE
    )
    found = [
        (f.rule, f.outcome, f.rows, f.row_numbers) for f in findings_of(report, field) if f.outcome.failed
    ]
    expected = [(rule, ValidationClass.INVALID, 1, (3,))]
    assert found == expected
    assert not report.passed
    assert value not in report.to_json()


@pytest.mark.parametrize("blank", [None, "", "   "])
def test_a_blank_mandatory_value_fails_and_a_blank_optional_one_passes(
    connection: duckdb.DuckDBPyConnection, blank: str | None
) -> None:
    table = an_extract("cancer_registration", {"tumour_id": blank, "stage_best": blank})
    report = check(connection, table, data_set("cancer_registration"), extract_date=EXTRACT_DATE)
    assert failures(report) == [("tumour_id", "required", ValidationClass.BLANK_MANDATORY, 1, (2,))]
    assert [f.outcome for f in findings_of(report, "stage_best")] == [ValidationClass.BLANK_OPTIONAL]


def test_the_count_is_whole_and_the_first_five_rows_are_named(connection: duckdb.DuckDBPyConnection) -> None:
    changes: list[dict[str, str | None]] = [{"sex": "F"} for _ in range(9)]
    table = an_extract("gp_registration", *changes)
    report = check(connection, table, data_set("gp_registration"), extract_date=EXTRACT_DATE)
    assert failures(report) == [("sex", "list", ValidationClass.INVALID, 9, (2, 3, 4, 5, 6))]


def test_row_numbers_of_the_table_are_used_where_it_has_them(connection: duckdb.DuckDBPyConnection) -> None:
    table = an_extract("death", {}, {"date_of_death": "never"}).append_column("row_number", pa.array([7, 40]))
    report = check(connection, table, data_set("death"), extract_date=EXTRACT_DATE)
    assert failures(report) == [("date_of_death", "type", ValidationClass.INVALID, 1, (40,))]


def test_a_primary_key_that_is_there_twice_fails_on_both_rows(connection: duckdb.DuckDBPyConnection) -> None:
    key = f"{1:032x}"
    table = an_extract("cancer_registration", {}, {"tumour_id": "T2"}, {"person_key": key})
    report = check(connection, table, data_set("cancer_registration"), extract_date=EXTRACT_DATE)
    assert failures(report) == [("tumour_id", "unique", ValidationClass.INVALID, 2, (2, 4))]


def test_one_event_under_two_numbers_is_undetermined_on_both_rows(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    key = f"{1:032x}"
    twice: dict[str, str | None] = {"person_key": key, "hospital_provider_spell_id": "S2"}
    longer = {"person_key": key, "discharge_date_hospital_provider_spell": "2022-01-10"}
    table = an_extract("apc_spell", {}, twice, {**twice, **longer, "hospital_provider_spell_id": "S3"})
    report = check(connection, table, data_set("apc_spell"), extract_date=EXTRACT_DATE)
    found = [f for f in findings_of(report, "hospital_provider_spell_id") if not f.outcome.passed]
    assert [(f.rule, f.outcome, f.rows, f.row_numbers) for f in found] == [
        ("duplicate", ValidationClass.UNDETERMINED, 2, (2, 3))
    ]
    assert report.passed


def test_an_order_with_an_unreadable_date_is_undetermined(connection: duckdb.DuckDBPyConnection) -> None:
    table = an_extract("gp_registration", {"registration_end": "soon"})
    report = check(connection, table, data_set("gp_registration"), extract_date=EXTRACT_DATE)
    outcomes = {(f.rule, f.outcome) for f in findings_of(report, "registration_end")}
    assert outcomes == {("order", ValidationClass.UNDETERMINED), ("type", ValidationClass.INVALID)}


def test_no_rows_pass(connection: duckdb.DuckDBPyConnection) -> None:
    report = check(connection, an_extract("death"), data_set("death"), extract_date=EXTRACT_DATE)
    assert report.passed
    assert report.findings == ()


def _without(table: pa.Table, schema: DataSet) -> pa.Table:
    return table.drop_columns([schema.columns[-1]])


def _with_more(table: pa.Table, schema: DataSet) -> pa.Table:
    return table.append_column("surname", table.column(0))


def _reordered(table: pa.Table, schema: DataSet) -> pa.Table:
    return table.select(list(reversed(table.column_names)))


def _twice(table: pa.Table, schema: DataSet) -> pa.Table:
    return table.append_column(schema.columns[0], table.column(0))


def _typed(table: pa.Table, schema: DataSet) -> pa.Table:
    return table.set_column(1, schema.columns[1], pa.array([20250101], pa.int64()))


@pytest.mark.parametrize("change", [_without, _with_more, _reordered, _twice, _typed])
def test_other_columns_than_the_data_set_has_are_refused(
    connection: duckdb.DuckDBPyConnection, change: object
) -> None:
    schema = data_set("death")
    table = change(an_extract("death", {}), schema)  # type: ignore[operator]  # one of the five above
    for refusing in (
        lambda: check(connection, table, schema, extract_date=EXTRACT_DATE),
        lambda: typed(connection, table, schema),
    ):
        with pytest.raises(ExtractRejected) as refused:
            refusing()
        assert refused.value.code is RefusalCode.COLUMNS_DIFFER


def test_typed_rows_are_dates_numbers_and_text(connection: duckdb.DuckDBPyConnection) -> None:
    schema = data_set("gp_registration")
    table = typed(connection, an_extract("gp_registration", {}, {"lsoa_code": " "}), schema)
    assert table.column_names == list(schema.columns)
    assert table.schema.field("registration_start").type == pa.date32()
    assert table.schema.field("year_of_birth").type == pa.int16()
    assert table.schema.field("sex").type == pa.string()
    assert table.column("registration_start").to_pylist() == [date(2001, 2, 3)] * 2
    assert table.column("registration_end").to_pylist() == [None, None]
    assert table.column("lsoa_code").to_pylist() == ["E01000001", None]
    cancers = typed(connection, an_extract("cancer_registration", {}), data_set("cancer_registration"))
    assert cancers.schema.field("age_at_diagnosis").type == pa.int32()
    assert cancers.column("age_at_diagnosis").to_pylist() == [61]


def test_typed_refuses_what_has_no_place_in_its_type_without_repeating_it(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    table = an_extract("gp_registration", {"year_of_birth": "CANARY"}, {})
    with pytest.raises(ExtractRejected) as refused:
        typed(connection, table, data_set("gp_registration"))
    assert refused.value.code is RefusalCode.ROWS_INVALID
    assert refused.value.counts == {"rows": 2, "failures": 1}
    assert "CANARY" not in repr(refused.value)


def test_a_value_that_looks_like_sql_is_only_a_value(connection: duckdb.DuckDBPyConnection) -> None:
    table = an_extract("death", {"place_of_death": "'); DROP TABLE x; --"})
    report = check(connection, table, data_set("death"), extract_date=EXTRACT_DATE)
    assert [f[1] for f in failures(report)] == ["list"]
