"""Use of services beyond that of people of the same age and sex, told in small tables, by both engines."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from linkage_engine.contract.query_spec import Breakdown, ExcessParameters, ExcessSpec
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.intervals import byar
from tests.spec.drawn import people
from tests.spec.drawn_emergency import emergency_agreed, emergency_plan
from tests.spec.test_emergency_15m import a_woman, admitted, attended, before, diagnosed, registrations
from tests.spec.test_service_use_trajectory import cared


def an_excess_spec(*breakdowns: Breakdown, **parameters: Any) -> ExcessSpec:
    """Emergency admissions of people diagnosed in March 2020, in their first two months."""
    asked = ExcessParameters(
        **{
            "diagnosed_from": date(2020, 3, 1),
            "diagnosed_to": date(2020, 3, 31),
            "to_month": 2,
            "events": ("emergency_admission",),
        }
        | parameters
    )
    return ExcessSpec(
        project_id="a-project", template="excess_vs_same_age_sex", parameters=asked, breakdowns=breakdowns
    )


def test_the_first_cohort_worked_by_hand() -> None:
    """A woman of 70 diagnosed on 1 March, followed for 61 days; one without, for 1 March to 30 May, 91 days.

    Observed 2. Expected 61 * 1 / 91 = 0.6703. Ratio 2.98. Beyond the expected: 1.3297 in 61 days, per
    1,000 years of 365.25 days: 7961.8, told as 7960.
    """
    spec = an_excess_spec()
    table, _, others = emergency_agreed(
        spec,
        {
            "person_index": people(2),
            "gp_registration": [a_woman(1), a_woman(2)],
            "cancer_registration": diagnosed("p1 | 2020-03-01 | C509"),
            "apc_spell": admitted("""
                p1 | 2020-03-01 | 21
                p1 | 2020-04-30 | 21
                p1 | 2020-05-01 | 21
                p2 | 2020-05-30 | 21
            """),
        },
    )
    assert others.days == {("Female", 70): 91}
    figures = before(spec, table)[()]
    assert figures["emergency_admission_observed"] == 2
    assert figures["emergency_admission_expected"] == pytest.approx(61 / 91)
    assert figures["emergency_admission_ratio"] == 2.98
    assert figures["emergency_admission_difference"] == 7960
    lower, upper = (1000 * (limit - 61 / 91) * 365.25 / 61 for limit in byar(2))
    assert figures["emergency_admission_difference_lower"] == pytest.approx(lower, rel=0.005)
    assert figures["emergency_admission_difference_upper"] == pytest.approx(upper, rel=0.005)


def test_the_second_cohort_worked_by_hand_is_the_year_before_the_diagnosis() -> None:
    """From month -12 up to the diagnosis: 365 days from 2 March 2019, of which 100 registered.

    The case is of 69 until New Year, of 70 after: registered from 22 November 2019, 40 days in 2019 and
    60 in 2020. Of the others a man of 69 and of 70 has 1 event in each age.
    """
    spec = an_excess_spec(from_month=-12, to_month=0, events=("care_assessment",))
    table, cells, others = emergency_agreed(
        spec,
        {
            "person_index": people(2),
            "gp_registration": registrations("""
                p1 | A00001 | 2019-11-22 | | 1950 | 1 |
                p2 | A00001 | 2000-01-01 | | 1950 | 1 |
            """),
            "cancer_registration": diagnosed("p1 | 2020-03-01 | C61"),
            "asc_cld_event": cared("""
                p1 | 2019-11-21 | assessment
                p1 | 2019-11-22 | assessment
                p1 | 2020-02-29 | assessment
                p1 | 2020-03-01 | assessment
                p2 | 2019-12-31 | assessment
                p2 | 2020-01-01 | assessment
                p2 | 2020-01-02 | review
            """),
        },
    )
    assert cells[()].days == {("Male", 65): 40, ("Male", 70): 60}
    assert cells[()].happened == {"care_assessment": [1, 1]}
    span = {("Male", 65): 305, ("Male", 70): 90}
    assert others.days == span, "2 March 2019 up to 31 March 2020"
    expected = 40 / 305 + 60 / 90
    assert before(spec, table)[()]["care_assessment_expected"] == pytest.approx(expected)


def test_the_third_cohort_worked_by_hand_by_sex() -> None:
    """A woman with nothing and a man with something; those compared with are of one sex only."""
    spec = an_excess_spec(Breakdown.SEX, events=("emergency_attendance", "emergency_admission"))
    table, cells, _ = emergency_agreed(
        spec,
        {
            "person_index": people(3),
            "gp_registration": [a_woman(1), a_woman(2, sex="1"), a_woman(3)],
            "cancer_registration": diagnosed("p1 | 2020-03-01 | C509\np2 | 2020-03-31 | C61"),
            "ecds_attendance": attended("p2 | 2020-03-31 | 1\np3 | 2020-03-01 | 1\np2 | 2020-05-31 | 1"),
        },
    )
    assert cells[("Male",)].happened["emergency_attendance"] == [2]
    figures = before(spec, table)
    assert figures[("Female",)]["emergency_attendance_ratio"] == 0
    assert figures[("Female",)]["emergency_attendance_difference"] == round(-1000 * 365.25 / 91, -1)
    assert figures[("Male",)]["emergency_attendance_ratio"] is None, "nobody of his sex to compare with"
    assert figures[("Total",)]["emergency_attendance_expected"] is None


def test_a_window_after_the_end_of_the_data_is_refused() -> None:
    spec = an_excess_spec(from_month=23, to_month=24)
    with pytest.raises(QueryRefused) as refusal:
        emergency_plan(spec)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA
