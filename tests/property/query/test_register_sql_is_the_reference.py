"""Any people, registers and registry: the SQL and the plain engine put everybody on the same lists."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.contract.query_spec import Breakdown, RegisterSpec
from linkage_engine.query.register_completeness.reference import register_reference
from tests.spec.drawn import Rows, people
from tests.spec.drawn_registers import a_register_spec, by_sql, listed

FIRST, INDEX = date(2003, 4, 1), date(2020, 2, 29)
LINKS = st.integers(1, 12).map("p{}".format)
DAYS = st.one_of(
    st.sampled_from([FIRST, INDEX]).flatmap(
        lambda day: st.integers(-2, 2).map(lambda by: day + timedelta(days=by))
    ),
    st.dates(date(2000, 1, 1), date(2024, 1, 1)),
)


@st.composite
def specs(draw: st.DrawFn) -> RegisterSpec:
    possible = [Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA]
    breakdowns = draw(st.lists(st.sampled_from(possible), unique=True))
    some = Breakdown.AREA in breakdowns and draw(st.booleans())
    return a_register_spec(
        *breakdowns,
        index_date=draw(st.sampled_from([INDEX, INDEX - timedelta(days=1), date(2022, 6, 1)])),
        diagnosed_from=draw(st.sampled_from([FIRST, FIRST + timedelta(days=1), date(2015, 1, 1)])),
        age_bands=draw(st.sampled_from(["broad", "ten_year"])),
        areas=("E54000008", "E54000010") if some else None,
    )


def rows(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Rows]:
    return st.lists(st.fixed_dictionaries({"link_id": LINKS} | columns), max_size=14)


TABLES = st.fixed_dictionaries(
    {
        "person_index": st.integers(1, 10).map(people),
        "cancer_registration": rows(
            diagnosis_date=DAYS,
            primary_diagnosis_icd10=st.sampled_from(["C509", "C441", "C97", "C000", "D050", "C81X"]),
        ),
        "gp_registration": rows(
            gp_practice_code=st.sampled_from(["A00001", "A00002"]),
            registration_start=DAYS,
            registration_end=st.none() | DAYS,
            year_of_birth=st.integers(1920, 2023),
            sex=st.sampled_from(["0", "1", "2", "9", "X"]),
            icb_code=st.sampled_from(["E54000008", "E54000010", "E54999999"]),
        ),
        "death": rows(date_of_death=DAYS),
        "gp_event": rows(
            event_date=DAYS,
            concept_type=st.sampled_from(["diagnosis", "review"]),
            condition=st.sampled_from([None, "cancer", "copd"]),
        ),
    }
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(spec=specs(), tables=TABLES)
def test_the_sql_and_the_reference_put_everybody_on_the_same_lists(
    spec: RegisterSpec, tables: dict[str, Rows]
) -> None:
    table = by_sql(spec, tables)
    assert listed(table) == register_reference(spec, tables)
    for cell in table.cells:
        parts = np.concatenate(list(cell.parts.values()))
        assert np.isin(parts, cell.population).all()
        assert np.unique(parts).size == parts.size, "each person on one list at most"
