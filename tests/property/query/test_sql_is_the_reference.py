from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.contract.query_spec import Breakdown, PrevalenceSpec
from linkage_engine.query.raw_table import RawTable
from linkage_engine.query.reference import reference_answer
from tests.spec.drawn import Rows, a_spec, by_sql, counted, people

INDEX = date(2020, 2, 29)
LINKS = st.integers(1, 12).map("p{}".format)
CODES = st.sampled_from(["C509", "C50", "C34", "C441", "C61", "C539", "C97", "C000", "D050", "C81X"])


def near(day: date, days: int = 3) -> st.SearchStrategy[date]:
    return st.integers(-days, days).map(lambda by: day + timedelta(days=by))


DAYS = st.one_of(
    near(INDEX),
    near(date(2019, 2, 28)),
    near(date(2000, 2, 29)),
    st.dates(date(1995, 1, 1), date(2024, 1, 1)),
)


@st.composite
def specs(draw: st.DrawFn) -> PrevalenceSpec:
    breakdowns = draw(
        st.permutations(list(Breakdown)[:3]).flatmap(lambda b: st.integers(0, 3).map(lambda n: b[:n]))
    )
    names = st.lists(
        st.sampled_from(["breast", "lung", "prostate", "other", "blood"]), min_size=1, unique=True
    )
    groups = draw(st.none() | names) if Breakdown.TUMOUR_GROUP in breakdowns else None
    return a_spec(
        *breakdowns,
        index_date=draw(st.sampled_from([INDEX, INDEX - timedelta(days=1), date(2022, 6, 1)])),
        lookback_years=draw(st.sampled_from([1, 2, 20, 21])),
        tumour_groups=None if groups is None else tuple(groups),
        age_bands=draw(st.sampled_from(["broad", "ten_year"])),
    )


def rows(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Rows]:
    return st.lists(st.fixed_dictionaries({"link_id": LINKS} | columns), max_size=14)


TABLES = st.fixed_dictionaries(
    {
        "person_index": st.integers(1, 10).map(people),
        "cancer_registration": rows(diagnosis_date=DAYS, primary_diagnosis_icd10=CODES),
        "gp_registration": rows(
            gp_practice_code=st.sampled_from(["A00001", "A00002"]),
            registration_start=DAYS,
            registration_end=st.none() | DAYS,
            year_of_birth=st.integers(1920, 2023),
            sex=st.sampled_from(["0", "1", "2", "9", "X"]),
        ),
        "death": rows(date_of_death=DAYS),
    }
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(spec=specs(), tables=TABLES)
def test_the_sql_and_the_reference_count_the_same_people(
    spec: PrevalenceSpec, tables: dict[str, Rows]
) -> None:
    table = by_sql(spec, tables)
    assert counted(table) == reference_answer(spec, tables)
    for cell in table.cells:
        assert np.isin(cell.parts["numerator"], cell.population).all()
        assert (np.diff(cell.population) > 0).all(), "each person once, in order"


@settings(max_examples=20)
@given(spec=specs(), tables=TABLES)
def test_a_table_handed_over_is_the_table(spec: PrevalenceSpec, tables: dict[str, Rows]) -> None:
    table = by_sql(spec, tables)
    arrived = RawTable.from_bytes(table.to_bytes())
    assert counted(arrived) == counted(table)
    assert [c.applicable for c in arrived.cells] == [c.applicable for c in table.cells]
    assert (arrived.template, arrived.dimensions) == (table.template, table.dimensions)
