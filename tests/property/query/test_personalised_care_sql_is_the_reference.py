"""Any people and records of care: the SQL and the plain engine put everybody in the same parts."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.contract.query_spec import Breakdown, CareItem, PersonalisedCareSpec
from linkage_engine.query.personalised_care.reference import personalised_care_reference
from tests.spec.drawn import Rows, people
from tests.spec.drawn_personalised_care import DATA_END, DIAGNOSED, a_care_spec, by_sql, cared

LINKS = st.integers(1, 8).map("p{}".format)
NEAR = [DIAGNOSED, DIAGNOSED + timedelta(days=183), DATA_END - timedelta(days=183)]
DAYS = st.one_of(
    st.sampled_from(NEAR).flatmap(lambda day: st.integers(-1, 1).map(lambda by: day + timedelta(days=by))),
    st.dates(date(2019, 11, 1), date(2021, 12, 1)),
)
TUMOURS = st.sampled_from(["A", "B", "C"])
STATUSES = st.sampled_from([None, "offered_accepted", "offered_declined", "not_offered", "unheard_of"])
TRUSTS = ("RAA", "RBB")


@st.composite
def specs(draw: st.DrawFn) -> PersonalisedCareSpec:
    possible = [
        Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.STAGE, Breakdown.ORGANISATION,
    ]  # fmt: skip
    breakdowns = draw(st.lists(st.sampled_from(possible), unique=True, max_size=2))
    chosen: dict[str, Any] = {}
    if Breakdown.ORGANISATION in breakdowns:
        chosen["organisations"] = TRUSTS
    if Breakdown.TUMOUR_GROUP in breakdowns:
        chosen["tumour_groups"] = ("breast", "bowel")
    return a_care_spec(
        *breakdowns,
        diagnosed_from=draw(st.sampled_from([date(2020, 1, 1), DIAGNOSED])),
        items=tuple(draw(st.lists(st.sampled_from(list(CareItem)), unique=True, min_size=1))),
        within_days=draw(st.integers(28, 183)),
        age_bands=draw(st.sampled_from(["broad", "ten_year"])),
        **chosen,
    )


def rows(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Rows]:
    return st.lists(st.fixed_dictionaries({"link_id": LINKS} | columns), max_size=12)


TABLES = st.fixed_dictionaries(
    {
        "person_index": st.integers(1, 7).map(people),
        "cancer_registration": rows(
            tumour_id=TUMOURS,
            diagnosis_date=DAYS,
            primary_diagnosis_icd10=st.sampled_from(["C509", "C18", "C441", "C97", "D050"]),
            stage_best=st.sampled_from([None, "1", "2", "4", "X"]),
            age_at_diagnosis=st.none() | st.integers(0, 99),
            person_stated_gender_code=st.sampled_from([None, "1", "2", "9"]),
        ),
        "death": rows(date_of_death=DAYS),
        "cosd_personalised_care": rows(
            personalised_care_record_id=st.sampled_from(["R1", "R2", "R3"]),
            tumour_id=st.none() | TUMOURS,
            organisation_site_identifier=st.sampled_from(["RAA", "RAA01", "RBB02", "RCC"]),
            hna_status=STATUSES,
            hna_date=st.none() | DAYS,
            pcsp_status=STATUSES,
            pcsp_date=st.none() | DAYS,
            end_of_treatment_summary_date=st.none() | DAYS,
            treatment_start_date=st.none() | DAYS,
            treatment_end_date=st.none() | DAYS,
        ),
    }
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(spec=specs(), tables=TABLES)
def test_the_sql_and_the_reference_put_everybody_in_the_same_parts(
    spec: PersonalisedCareSpec, tables: dict[str, Rows]
) -> None:
    found = cared(by_sql(spec, tables))
    assert found == personalised_care_reference(spec, tables, data_end=DATA_END)
    for cell in found.values():
        assert all(part <= cell["population"] for part in cell.values())
        if CareItem.CARE_PLAN in spec.parameters.items:
            told = [cell[f"care_plan_{part}"] for part in ("offered", "not_offered", "no_submission")]
            assert sum(map(len, told)) == len(cell["population"]), "everybody is in one of the three"
            nested = [cell[f"care_plan_{part}"] for part in ("offered", "accepted", "completed", "timely")]
            assert all(inner <= outer for outer, inner in pairwise(nested))
