from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.catalogue.events import events
from linkage_engine.contract.controlled_table import Statistic
from linkage_engine.contract.query_spec import Breakdown, EmergencySpec, EventKind
from linkage_engine.disclosure.before import before_control
from linkage_engine.query.raw_table import RawTable
from tests.property.query.test_sql_is_the_reference import LINKS, near, rows
from tests.spec.drawn import Rows, people
from tests.spec.drawn_emergency import (
    an_emergency_spec,
    emergency_agreed,
    emergency_by_sql,
    exact,
    plain,
    plain_others,
)

FROM = date(2019, 12, 20)
DAYS = st.one_of(near(FROM), near(date(2020, 1, 1)), near(date(2020, 1, 20)), near(date(2020, 2, 20)))
LONG = st.one_of(DAYS, st.dates(date(2015, 1, 1), date(2021, 1, 1)))


BREAKDOWNS = (Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA)


@st.composite
def specs(draw: st.DrawFn) -> EmergencySpec:
    breakdowns = draw(st.permutations(BREAKDOWNS).flatmap(lambda b: st.integers(0, 3).map(lambda n: b[:n])))
    names = st.lists(st.sampled_from(["breast", "lung", "prostate", "other"]), min_size=1, unique=True)
    codes = st.lists(st.sampled_from(["E54000008", "E54000064"]), min_size=1, unique=True)
    groups = draw(st.none() | names) if Breakdown.TUMOUR_GROUP in breakdowns else None
    boards = draw(st.none() | codes) if Breakdown.AREA in breakdowns else None
    return an_emergency_spec(
        *breakdowns,
        diagnosed_from=FROM,
        diagnosed_to=draw(st.sampled_from([FROM, date(2020, 1, 1), date(2020, 1, 20), date(2020, 1, 20)])),
        window_days=draw(st.sampled_from([28, 31])),
        events=draw(
            st.permutations([EventKind.EMERGENCY_ADMISSION, EventKind.EMERGENCY_ATTENDANCE]).flatmap(
                lambda k: st.sampled_from([k, k[:1]])
            )
        ),
        admission_methods=draw(st.sampled_from([m.name for m in events().admission_methods])),
        tumour_groups=None if groups is None else tuple(groups),
        areas=None if boards is None else tuple(boards),
        age_bands=draw(st.sampled_from(["broad", "ten_year"])),
    )


REGISTRATIONS = {
    "gp_practice_code": st.sampled_from(["A00001", "A00002"]),
    "registration_start": LONG,
    "registration_end": st.none() | LONG,
    "year_of_birth": st.sampled_from([1925, 1930, 1949, 1950, 1954, 1955, 2019, 2020, 2021]),
    "sex": st.sampled_from(["0", "1", "2", "9", "X"]),
    "icb_code": st.sampled_from([None, "E54000008", "E54000064", "E54999999"]),
}
STAYS = {"registration_start": st.just(date(2015, 1, 1)), "registration_end": st.just(None) | DAYS}
OFTEN = {"year_of_birth": st.sampled_from([1950, 1954]), "sex": st.sampled_from(["1", "2"])}
DIAGNOSES = {
    "diagnosis_date": LONG,
    "primary_diagnosis_icd10": st.sampled_from(["C509", "C34", "C441", "C61"]),
}
STAYS_IN_HOSPITAL = {
    "start_date_hospital_provider_spell": DAYS,
    "admission_method_code": st.sampled_from(["11", "21", "28", "2B", "2A"]),
}
ARRIVALS = {"arrival_date": DAYS, "attendance_category": st.sampled_from([None, "1", "4"])}


@st.composite
def tables_of(draw: st.DrawFn) -> dict[str, Rows]:
    """Some people who are mostly registered and often ill, and rows at random."""
    count = draw(st.integers(1, 8))
    tables = {
        "person_index": people(count),
        "cancer_registration": draw(rows(**DIAGNOSES)),
        "gp_registration": draw(rows(**REGISTRATIONS)),
        "death": draw(st.lists(st.fixed_dictionaries({"link_id": LINKS, "date_of_death": DAYS}), max_size=2)),
        "apc_spell": draw(rows(**STAYS_IN_HOSPITAL)),
        "ecds_attendance": draw(rows(**ARRIVALS)),
    }
    for person in range(1, count + 1):
        own = st.fixed_dictionaries({"link_id": st.just(f"p{person}")} | REGISTRATIONS | STAYS | OFTEN)
        tables["gp_registration"].append(draw(own))
        if draw(st.booleans()):
            soon = st.integers(0, 20).map(lambda days: FROM + timedelta(days=days))
            ill = {"link_id": st.just(f"p{person}")} | DIAGNOSES | {"diagnosis_date": soon}
            tables["cancer_registration"].append(draw(st.fixed_dictionaries(ill)))
    return tables


TABLES = tables_of()
ENDS = st.sampled_from([FROM + timedelta(days=1), date(2020, 1, 10), date(2020, 2, 10), date(2021, 1, 1)])


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(spec=specs(), tables=TABLES, data_end=ENDS)
def test_the_sql_and_the_reference_agree_on_people_days_events_and_what_was_expected(
    spec: EmergencySpec, tables: dict[str, Rows], data_end: date
) -> None:
    raw, cells, others = emergency_agreed(spec, tables, data_end)
    table = exact(spec, raw)
    for cell, figures in zip(table.cells, before_control(table), strict=True):
        for measure, figure in zip(table.measures, figures, strict=True):
            if measure.statistic is Statistic.EXPECTED:
                assert measure.part is not None
                expected = others.expected(measure.part, cells[cell.labels].days)
                assert figure == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-12))


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(spec=specs(), tables=TABLES)
def test_a_table_of_events_handed_over_is_the_table(spec: EmergencySpec, tables: dict[str, Rows]) -> None:
    table = emergency_by_sql(spec, tables)
    arrived = RawTable.from_bytes(table.to_bytes())
    assert plain(spec, arrived) == plain(spec, table)
    assert plain_others(spec, arrived) == plain_others(spec, table)
    assert (arrived.template, arrived.dimensions, arrived.parts) == (
        table.template,
        table.dimensions,
        table.parts,
    )
