"""Any people and entries of practices: the SQL and the plain engine count everybody alike."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage_engine.contract.cancer_care_review import ADJUSTMENTS, EXCLUSIONS
from linkage_engine.contract.query_spec import Breakdown, CareReviewSpec
from linkage_engine.query.cancer_care_review.reference import care_review_reference
from tests.spec.drawn import Rows, people
from tests.spec.drawn_care_reviews import a_review_spec, by_sql
from tests.spec.drawn_registers import listed

LINKS = st.integers(1, 6).map("p{}".format)
ENDS = [date(2022, 4, 1), date(2023, 1, 1), date(2023, 4, 1), date(2024, 1, 1), date(2024, 3, 31)]
DAYS = st.one_of(
    st.sampled_from(ENDS).flatmap(lambda day: st.integers(-1, 1).map(lambda by: day + timedelta(days=by))),
    st.dates(date(2022, 1, 1), date(2024, 4, 30)),
)
KINDS = ["diagnosis", "diagnosis", "review", "support_info", "invitation", "dissent", "unsuitable"]


@st.composite
def specs(draw: st.DrawFn) -> CareReviewSpec:
    possible = [Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA]
    breakdowns = draw(st.lists(st.sampled_from(possible), unique=True, max_size=2))
    some = Breakdown.AREA in breakdowns
    return a_review_spec(
        *breakdowns,
        year=draw(st.sampled_from(["2022/23", "2023/24"])),
        areas=("E54000008", "E54000010") if some else None,
    )


def rows(most: int, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Rows]:
    return st.lists(st.fixed_dictionaries({"link_id": LINKS} | columns), max_size=most)


TABLES = st.fixed_dictionaries(
    {
        "person_index": st.integers(1, 6).map(people),
        "gp_registration": rows(
            10,
            gp_practice_code=st.sampled_from(["A00001", "A00002"]),
            registration_start=st.sampled_from([date(2000, 1, 1), date(2023, 12, 31), date(2024, 1, 1)]),
            registration_end=st.none() | DAYS,
            year_of_birth=st.integers(1920, 2000),
            sex=st.sampled_from(["1", "2", "X"]),
            icb_code=st.sampled_from(["E54000008", "E54000010", "E54999999"]),
        ),
        "death": rows(2, date_of_death=DAYS),
        "gp_event": rows(
            24,
            event_date=DAYS,
            concept_type=st.sampled_from(KINDS),
            condition=st.sampled_from([None, "cancer", "cancer", "cancer", "copd"]),
        ),
    }
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(spec=specs(), tables=TABLES)
def test_the_sql_and_the_reference_count_everybody_alike(
    spec: CareReviewSpec, tables: dict[str, Rows]
) -> None:
    found = listed(by_sql(spec, tables))
    assert found == care_review_reference(spec, tables)
    for cell in found.values():
        for indicator, exclusions in EXCLUSIONS.items():
            parts = [cell[f"{indicator}_{part}"] for part in ("denominator", *exclusions, *ADJUSTMENTS)]
            assert frozenset().union(*parts) == cell["population"]
            assert sum(map(len, parts)) == len(cell["population"]), "everybody has one reason, or counts"
            assert cell[f"{indicator}_numerator"] <= cell[f"{indicator}_denominator"]
