from __future__ import annotations

import re
from datetime import date
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from linkage_engine.contract.query_spec import Breakdown, EventKind
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.query.around_diagnosis.statements import INPUTS, statements
from linkage_engine.query.plan import plan
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.run import answer, inputs
from tests.spec.drawn import locked, people
from tests.spec.drawn_emergency import an_emergency_spec, emergency_by_sql, emergency_plan

ADMISSION, ATTENDANCE = EventKind.EMERGENCY_ADMISSION, EventKind.EMERGENCY_ATTENDANCE
GROUP, AREA = Breakdown.TUMOUR_GROUP, Breakdown.AREA


def texts(*breakdowns: Breakdown, **parameters: Any) -> tuple[str, ...]:
    made = statements(emergency_plan(an_emergency_spec(*breakdowns, **parameters)))
    return made.people.text, made.happened.text, made.days.text, made.others.text


def test_each_statement_is_one_select_over_the_tables_of_a_run() -> None:
    tables = set()
    for text in texts():
        with locked() as connection:
            assert [s.type for s in connection.extract_statements(text)] == [duckdb.StatementType.SELECT]
            tables |= connection.get_table_names(re.sub(r"\$\w+", "NULL", text))
        assert "'" not in text, "no value stands in the text"
    assert tables == set(INPUTS)


def test_the_texts_are_the_same_whatever_is_asked() -> None:
    asked = [texts(*pair) for pair in combinations(list(Breakdown)[:4], 2)]
    asked.append(texts(window_days=365, events=(ATTENDANCE,), admission_methods="without_either"))
    assert len(set(asked)) == 1


@pytest.mark.parametrize(
    ("breakdowns", "parameters"),
    [
        ((GROUP,), {"tumour_groups": ("nothing",)}),
        ((), {"tumour_groups": ("breast",)}),
        ((AREA,), {"areas": ("E54000001",)}),
        ((AREA,), {"areas": ("E54000008", "E54000008")}),
        ((), {"areas": ("E54000008",)}),
        ((), {"admission_methods": "nothing"}),
        ((), {"age_bands": "odd"}),
    ],
)
def test_a_name_that_the_catalogue_lacks_or_that_nothing_shows_is_refused(
    breakdowns: tuple[Breakdown, ...], parameters: dict[str, Any]
) -> None:
    with pytest.raises(QueryRefused) as refusal:
        emergency_plan(an_emergency_spec(*breakdowns, **parameters))
    assert refusal.value.code is RefusalCode.SPECIFICATION_INVALID


@pytest.mark.parametrize("data_end", [None, date(2020, 3, 1)])
def test_without_hospital_data_of_the_period_nothing_is_answered(data_end: date | None) -> None:
    with pytest.raises(QueryRefused) as refusal:
        plan(an_emergency_spec(), data_end=data_end)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA


def test_the_span_ends_with_the_last_window_or_with_the_data() -> None:
    assert emergency_plan(an_emergency_spec()).span_end == date(2020, 4, 30)
    assert emergency_plan(an_emergency_spec(), date(2020, 4, 1)).span_end == date(2020, 4, 1)


def test_every_area_is_a_row_when_none_is_named() -> None:
    cells = emergency_plan(an_emergency_spec(AREA)).cells()
    assert len(cells) == 42 + 1
    assert ("E54000027 North West London",) in cells


def test_only_the_hospital_data_asked_about_are_needed() -> None:
    elsewhere = {"asc_cld_event", "op_attendance", "gp_event", "community_contact"}
    admissions = inputs(emergency_plan(an_emergency_spec(events=(ADMISSION,))))
    assert set(INPUTS) - set(admissions) == {"ecds_attendance", *elsewhere}
    attendances = inputs(emergency_plan(an_emergency_spec(events=(ATTENDANCE,))))
    assert set(INPUTS) - set(attendances) == {"apc_spell", *elsewhere}
    both = inputs(emergency_plan(an_emergency_spec()))
    assert set(INPUTS) - set(both) == elsewhere
    assert "patient_classification_code" not in both["apc_spell"].names, "read for planned stays alone"


def test_a_missing_hospital_table_is_refused() -> None:
    made = emergency_plan(an_emergency_spec())
    tables = {name: schema.empty_table() for name, schema in INPUTS.items() if name != "apc_spell"}
    with locked() as connection, pytest.raises(QueryRefused) as refusal:
        answer(connection, made, tables)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA


def test_nothing_of_the_tables_stays_in_the_database() -> None:
    made = emergency_plan(an_emergency_spec(events=(ADMISSION,)))
    tables = {name: schema.empty_table() for name, schema in inputs(made).items()}
    tables["person_index"] = pa.Table.from_pylist(people(1), schema=INPUTS["person_index"])
    with locked() as connection:
        answer(connection, made, tables)
        assert connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == []


def a_raw_table() -> RawTable:
    return emergency_by_sql(an_emergency_spec(Breakdown.SEX), {"person_index": people(1)})


def test_cells_without_anybody_stand_in_the_answer() -> None:
    table = a_raw_table()
    assert len(table.cells) == 4
    assert all(cell.population.size == 0 and not any(cell.events.values()) for cell in table.cells)
    assert table.reference is not None
    assert table.reference.persons.tolist() == [0] * 57
    assert repr(table.reference) == "RawReference(withheld)"


@pytest.mark.parametrize("text", [b"", b"{}", b"{", b"[]"])
def test_a_reference_that_is_none_is_refused(text: bytes) -> None:
    table = a_raw_table().to_arrow()
    spoilt = table.replace_schema_metadata({**table.schema.metadata, b"reference": text})
    with pytest.raises(NotTrusted) as refusal:
        RawTable.from_arrow(spoilt)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


def test_days_of_a_cell_are_its_own() -> None:
    """Cells without days do not share one array that somebody might write into."""
    one, other, *_ = a_raw_table().cells
    assert not np.shares_memory(one.days, other.days)
