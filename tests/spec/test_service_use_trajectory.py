"""Use of services month by month around a diagnosis, told in small tables; both engines must agree on each.

A month is 30.4375 days: month -1 holds the days -30 to -1, month 0 the days 0 to 30, month 1 the days
31 to 60, month 2 the days 61 to 91.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from linkage_engine.contract.query_spec import Breakdown, TrajectoryParameters, TrajectorySpec
from linkage_engine.query.around_diagnosis.windows import Period, periods
from tests.spec.drawn import Rows, drawn, people
from tests.spec.drawn_emergency import emergency_agreed
from tests.spec.test_emergency_15m import admitted, attended, before, diagnosed, registrations

PERIOD, SEX = Breakdown.PERIOD, Breakdown.SEX
ADMISSION, PLANNED, DAY_CASE, ASSESSMENT = (
    "emergency_admission",
    "elective_admission",
    "day_case",
    "care_assessment",
)


def a_trajectory_spec(*breakdowns: Breakdown, **parameters: Any) -> TrajectorySpec:
    """Diagnoses of March 2020, from a month before to two months after, unless told otherwise."""
    asked = TrajectoryParameters(
        **{
            "diagnosed_from": date(2020, 3, 1),
            "diagnosed_to": date(2020, 3, 31),
            "months_before": 1,
            "months_after": 2,
            "events": (ADMISSION,),
        }
        | parameters
    )
    return TrajectorySpec(
        project_id="a-project",
        template="service_use_trajectory",
        parameters=asked,
        breakdowns=breakdowns or (PERIOD,),
    )


def stays(text: str) -> Rows:
    """Stays in hospital: who, first day, admission method, kind of stay."""
    rows = [[field.strip() for field in line.split("|")] for line in text.strip().splitlines()]
    return [
        {
            "link_id": link_id,
            "start_date_hospital_provider_spell": date.fromisoformat(day),
            "admission_method_code": method,
            "patient_classification_code": stay,
        }
        for link_id, day, method, stay in rows
    ]


def cared(text: str) -> Rows:
    return drawn("link_id | event_start_date | event_type\n" + text.strip())


def test_the_first_cohort_worked_by_hand() -> None:
    """One woman of 70 with a cancer on 10 March 2020, one of 70 without.

    Month -1 is 9 February to 9 March, month 0 is 10 March to 9 April, month 1 is 10 April to 9 May:
    30, 31 and 30 days. She is admitted on the last day of month -1 once, on the first and the last day of
    month 0, and never in month 1; the day after that is outside.
    The other is observed from 31 January (30 days before 1 March) up to 30 May (31 March and 61 days less
    one): 121 days, with 2 admissions. Expected in month 0: 31 * 2 / 121 = 0.5124, in all: 91 * 2 / 121.
    """
    spec = a_trajectory_spec()
    table, cells, others = emergency_agreed(
        spec,
        {
            "person_index": people(2),
            "gp_registration": registrations("""
                p1 | A00001 | 2000-01-01 | | 1950 | 2 |
                p2 | A00001 | 2000-01-01 | | 1950 | 2 |
            """),
            "cancer_registration": diagnosed("p1 | 2020-03-10 | C509"),
            "apc_spell": admitted("""
                p1 | 2020-02-08 | 21
                p1 | 2020-03-09 | 21
                p1 | 2020-03-10 | 21
                p1 | 2020-04-09 | 21
                p1 | 2020-05-10 | 21
                p2 | 2020-01-30 | 21
                p2 | 2020-01-31 | 21
                p2 | 2020-05-30 | 21
                p2 | 2020-05-31 | 21
            """),
        },
    )
    assert {labels: cell.days.total() for labels, cell in cells.items()} == {
        ("Month -1",): 30,
        ("Month 0",): 31,
        ("Month 1",): 30,
        ("Total",): 91,
    }
    assert {labels: cell.happened[ADMISSION] for labels, cell in cells.items()} == {
        ("Month -1",): [1],
        ("Month 0",): [1, 1],
        ("Month 1",): [],
        ("Total",): [1, 1, 1],
    }
    assert others.days == {("Female", 70): 121}
    assert others.events == {ADMISSION: {("Female", 70): 2}}
    figures = before(spec, table)
    assert figures[("Month 0",)]["emergency_admission_expected"] == pytest.approx(31 * 2 / 121)
    assert figures[("Total",)]["emergency_admission_expected"] == pytest.approx(91 * 2 / 121)
    assert figures[("Month 0",)]["person_years"] == pytest.approx(31 / 365.25)
    assert figures[("Month 0",)]["emergency_admission_rate"] == 23600, "2 in 31 days: 1000 * 2 * 365.25 / 31"
    assert figures[("Month 1",)]["emergency_admission_rate"] == 0
    assert figures[("Month 0",)]["emergency_admission_expected_rate"] == 6040, "1000 * 2 * 365.25 / 121"


def test_the_second_cohort_worked_by_hand_tells_kinds_of_stay_and_care_apart() -> None:
    """A man diagnosed on 1 March 2020: kinds of events, and nobody to compare with.

    Planned stays overnight and by day are two kinds, an emergency is neither; regular attenders (3) are none.
    """
    kinds = (PLANNED, DAY_CASE, ASSESSMENT, "care_service")
    spec = a_trajectory_spec(events=kinds)
    table, cells, others = emergency_agreed(
        spec,
        {
            "person_index": people(1),
            "gp_registration": registrations("p1 | A00001 | 2000-01-01 | | 1950 | 1 |"),
            "cancer_registration": diagnosed("p1 | 2020-03-01 | C61"),
            "apc_spell": stays("""
                p1 | 2020-02-29 | 11 | 1
                p1 | 2020-03-01 | 12 | 2
                p1 | 2020-03-02 | 13 | 2
                p1 | 2020-03-03 | 21 | 1
                p1 | 2020-03-04 | 11 | 3
            """),
            "asc_cld_event": cared("""
                p1 | 2020-03-05 | request
                p1 | 2020-04-02 | assessment
                p1 | 2020-04-03 | service
            """),
        },
    )
    assert {labels: {k: len(v) for k, v in cell.happened.items()} for labels, cell in cells.items()} == {
        ("Month -1",): {PLANNED: 1, DAY_CASE: 0, ASSESSMENT: 0, "care_service": 0},
        ("Month 0",): {PLANNED: 0, DAY_CASE: 2, ASSESSMENT: 0, "care_service": 0},
        ("Month 1",): {PLANNED: 0, DAY_CASE: 0, ASSESSMENT: 1, "care_service": 1},
        ("Total",): {PLANNED: 1, DAY_CASE: 2, ASSESSMENT: 1, "care_service": 1},
    }
    assert not others.persons
    assert before(spec, table)[("Month 0",)]["day_case_ratio"] is None, "nobody to compare with"


def test_appointments_and_contacts_count_when_they_were_kept() -> None:
    """Seen on time (5) or late (6) counts, not missed (3), cancelled (2) or unsaid; of entries consultations.

    p1, a man of 70, diagnosed on 1 March: month 0 is 1 to 31 March. p2, of his age, is compared with.
    """
    kinds = ("outpatient_attendance", "gp_consultation", "community_contact")
    spec = a_trajectory_spec(events=kinds, months_before=0, months_after=1)
    kept = "attended_or_did_not_attend"
    table, cells, others = emergency_agreed(
        spec,
        {
            "person_index": people(2),
            "gp_registration": registrations("""
                p1 | A00001 | 2000-01-01 | | 1950 | 1 |
                p2 | A00001 | 2000-01-01 | | 1950 | 1 |
            """),
            "cancer_registration": diagnosed("p1 | 2020-03-01 | C61"),
            "op_attendance": drawn(f"""
                link_id | appointment_date | {kept}
                p1 | 2020-03-02 | 5
                p1 | 2020-03-03 | 6
                p1 | 2020-03-04 | 3
                p1 | 2020-04-01 | 5
                p2 | 2020-03-05 | 5
            """),
            "gp_event": drawn("""
                link_id | event_date | concept_type
                p1 | 2020-03-01 | consultation
                p1 | 2020-03-01 | diagnosis
                p2 | 2020-03-31 | consultation
                p2 | 2020-03-31 | consultation
            """),
            "community_contact": drawn(f"""
                link_id | care_contact_date | {kept}
                p1 | 2020-03-31 | 6
                p1 | 2020-03-31 | 2
                p1 | 2020-03-31 |
            """),
        },
    )
    happened = {kind: len(times) for kind, times in cells[("Month 0",)].happened.items()}
    assert happened == {"outpatient_attendance": 2, "gp_consultation": 1, "community_contact": 1}
    assert {kind: events.total() for kind, events in others.events.items()} == {
        "outpatient_attendance": 1,
        "gp_consultation": 2,
        "community_contact": 0,
    }
    expected = 2 * 31 / others.days.total()
    assert before(spec, table)[("Month 0",)]["gp_consultation_expected"] == pytest.approx(expected)


def test_the_third_cohort_worked_by_hand_dies_moves_and_is_born() -> None:
    """Along periods people are the same, whether or not they are there.

    p1, a woman of 70, diagnosed on 10 March, registered since 1 March and dead on 20 March: 9 days of
    month -1, 10 of month 0, none of month 1. p2, a man diagnosed on 20 March 2020, born in 2020: days before
    1 January do not count, all 30 of month -1 are after. Events on the day of death and before the
    registration are none.
    """
    spec = a_trajectory_spec(PERIOD, SEX, events=("emergency_attendance",))
    _, cells, others = emergency_agreed(
        spec,
        {
            "person_index": people(2),
            "gp_registration": registrations("""
                p1 | A00001 | 2020-03-01 | | 1950 | 2 |
                p2 | A00001 | 2020-02-20 | | 2020 | 1 |
            """),
            "cancer_registration": diagnosed("p1 | 2020-03-10 | C509\np2 | 2020-03-20 | C910"),
            "death": drawn("link_id | date_of_death\np1 | 2020-03-20"),
            "ecds_attendance": attended("""
                p1 | 2020-02-29 | 1
                p1 | 2020-03-01 | 1
                p1 | 2020-03-20 | 1
                p2 | 2020-02-19 | 1
            """),
        },
    )
    women = {labels[0]: cell for labels, cell in cells.items() if labels[1] == "Female"}
    assert {label: cell.days.total() for label, cell in women.items()} == {
        "Month -1": 9,
        "Month 0": 10,
        "Month 1": 0,
        "Total": 19,
    }
    assert {label: cell.happened["emergency_attendance"] for label, cell in women.items()} == {
        "Month -1": [1],
        "Month 0": [],
        "Month 1": [],
        "Total": [1],
    }
    assert all(cell.people == {1} for cell in women.values())
    assert cells[("Total", "Total")].people == {1, 2}
    assert not others.persons


def test_months_and_quarters_are_those_of_a_year_of_365_and_a_quarter_days() -> None:
    months = periods(a_trajectory_spec(months_before=12, months_after=18))
    assert len(months) == 30 + 1
    assert months[0] == Period("Month -12", -365, -334)
    assert months[12] == Period("Month 0", 0, 31)
    assert months[-2] == Period("Month 17", 518, 548)
    assert months[-1] == Period("Total", -365, 548)
    assert all(one.to_day == other.from_day for one, other in pairwise(months[:-1]))
    quarters = periods(a_trajectory_spec(months_before=12, months_after=18, period="quarter"))
    assert [each.label for each in quarters[:-1]] == [f"Quarter {n}" for n in range(-4, 6)]
    assert [each.from_day for each in quarters[:-1]] == [months[n].from_day for n in range(0, 30, 3)]
