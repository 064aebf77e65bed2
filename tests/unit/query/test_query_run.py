from __future__ import annotations

import re
from itertools import product
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.plan import plan
from linkage_engine.query.prevalence_plan import PrevalencePlan
from linkage_engine.query.prevalence_sql import INPUTS, statement
from linkage_engine.query.run import _run, answer
from linkage_engine.query.sql import Statement
from tests.spec.drawn import a_spec, arrow, locked, people, registered

CANARY = "CANARY-4711"


@pytest.mark.parametrize("chosen", list(product([True, False], repeat=3)))
def test_a_statement_is_one_select_over_the_four_tables(chosen: tuple[bool, ...]) -> None:
    breakdowns = [breakdown for breakdown, asked in zip(Breakdown, chosen, strict=False) if asked]
    made = plan(a_spec(*breakdowns))
    assert isinstance(made, PrevalencePlan)
    text = statement(made).text
    with locked() as connection:
        statements = connection.extract_statements(text)
        assert [each.type for each in statements] == [duckdb.StatementType.SELECT]
        filled = re.sub(r"\$\w+", "NULL", text)
        assert connection.get_table_names(filled) == set(INPUTS)
    assert "'" not in text, "no value stands in the text"


def refused(tables: dict[str, pa.Table], **options: Any) -> QueryRefused:
    with locked() as connection, pytest.raises(QueryRefused) as refusal:
        answer(connection, plan(a_spec()), tables, **options)
    return refusal.value


def test_a_missing_table_is_refused() -> None:
    tables = arrow({"person_index": people(1)})
    del tables["death"]
    refusal = refused(tables)
    assert refusal.code is RefusalCode.NO_LINKED_DATA
    assert refusal.counts == {"tables_missing": 1}


def test_an_empty_roll_is_refused() -> None:
    assert refused(arrow({})).code is RefusalCode.NO_LINKED_DATA


@pytest.mark.parametrize(
    "roll",
    [
        [{"link_id": "p1", "person": 1}, {"link_id": "p1", "person": 2}],
        [{"link_id": "p1", "person": 1}, {"link_id": "p2", "person": 1}],
    ],
    ids=["one person, two numbers", "two persons, one number"],
)
def test_a_roll_that_names_someone_twice_is_refused(roll: list[dict[str, Any]]) -> None:
    assert refused(arrow({"person_index": roll})).code is RefusalCode.VAULT_DAMAGED


def test_a_table_without_a_column_is_refused() -> None:
    tables = arrow({"person_index": people(1)})
    tables["death"] = tables["death"].drop_columns(["date_of_death"])
    assert refused(tables).code is RefusalCode.COLUMNS_DIFFER


def test_a_value_of_the_wrong_type_is_refused_and_not_repeated() -> None:
    tables = arrow({"person_index": people(1)})
    tables["death"] = pa.table({"link_id": ["p1"], "date_of_death": [CANARY]})
    refusal = refused(tables)
    assert refusal.code is RefusalCode.COLUMNS_DIFFER
    assert CANARY not in repr(refusal)
    assert refusal.__suppress_context__


def test_a_database_error_is_refused_without_its_text() -> None:
    query = Statement("SELECT CAST($value AS INTEGER)", {"value": CANARY})
    with locked() as connection, pytest.raises(QueryRefused) as refusal:
        _run(connection, query, seconds=5)
    assert refusal.value.code is RefusalCode.QUERY_FAILED
    assert CANARY not in repr(refusal.value)
    assert refusal.value.__suppress_context__


def test_a_statement_that_runs_too_long_is_stopped_and_the_connection_stays_usable() -> None:
    query = Statement("SELECT sum(a.range * b.range) AS s FROM range(1000000) a, range(1000000) b", {})
    with locked() as connection:
        with pytest.raises(QueryRefused) as refusal:
            _run(connection, query, seconds=0.2)
        assert refusal.value.code is RefusalCode.QUERY_TOO_SLOW
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_nothing_of_the_tables_stays_in_the_database() -> None:
    tables = arrow({"person_index": people(1), "gp_registration": [registered("p1")]})
    with locked() as connection:
        answer(connection, plan(a_spec()), tables)
        assert connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == []


def test_columns_that_a_run_does_not_read_may_be_there() -> None:
    tables = arrow({"person_index": people(1), "gp_registration": [registered("p1")]})
    tables["gp_registration"] = tables["gp_registration"].append_column("note", pa.array([CANARY]))
    with locked() as connection:
        table = answer(connection, plan(a_spec()), tables)
    assert table.cells[0].population.tolist() == [1]
