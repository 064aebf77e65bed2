"""Emergency care after diagnosis, told in small tables; both engines must agree on each.

Diagnoses of March 2020, a window of 30 days, hospital data up to 1 January 2022: those
compared with are at risk on the 60 days from 1 March to 29 April 2020, unless told otherwise.
"""

from __future__ import annotations

from datetime import date

import pytest

from linkage_engine.contract.query_spec import AroundDiagnosisSpecification, Breakdown
from linkage_engine.disclosure.before import before_control
from linkage_engine.query.raw_table import RawTable
from tests.spec.drawn import Rows, drawn, people, registered
from tests.spec.drawn_emergency import an_emergency_spec, emergency_agreed, exact

ADMISSION, ATTENDANCE = "emergency_admission", "emergency_attendance"
ALL = ("Total",)


def registrations(text: str) -> Rows:
    header = "link_id|gp_practice_code|registration_start|registration_end|year_of_birth|sex|icb_code\n"
    return drawn(header + text.strip())


def diagnosed(text: str) -> Rows:
    return drawn("link_id | diagnosis_date | primary_diagnosis_icd10\n" + text.strip())


def admitted(text: str) -> Rows:
    header = "link_id | start_date_hospital_provider_spell | admission_method_code\n"
    return [
        row
        | {
            "start_date_hospital_provider_spell": date.fromisoformat(
                row["start_date_hospital_provider_spell"]
            )
        }
        for row in drawn(header + text.strip())
    ]


def attended(text: str) -> Rows:
    return drawn("link_id | arrival_date | attendance_category\n" + text.strip())


def a_woman(number: int, **changed: object) -> dict[str, object]:
    """A woman born in 1950, registered since 2000 in no known area, unless told otherwise."""
    return registered(f"p{number}", icb_code=None) | changed


def before(
    spec: AroundDiagnosisSpecification, table: RawTable
) -> dict[tuple[str, ...], dict[str, float | None]]:
    """Every cell's figures by name, before disclosure control."""
    made = exact(spec, table)
    return {
        cell.labels: {m.name: figure for m, figure in zip(made.measures, figures, strict=True)}
        for cell, figures in zip(made.cells, before_control(made), strict=True)
    }


def test_the_first_cohort_worked_by_hand() -> None:
    """Women of 70: two with a cancer of the breast, three without; and a man.

    Cases: p1 from 10 March for 30 days, p2 from 20 March until the death on 30 March, 10 days: 40
    days. Others: p3 and p4 60 days each, p5 until 31 March, 30 days: 150 days, with 3 emergency
    admissions. Expected: 40 * 3 / 150 = 0.8; observed: 2, of one person; ratio 2.5; 1 of 2 people.
    """
    spec = an_emergency_spec(Breakdown.SEX, events=(ADMISSION,))
    table, cells, others = emergency_agreed(
        spec,
        {
            "person_index": people(6),
            "gp_registration": registrations("""
                p1 | A00001 | 2000-01-01 |            | 1950 | 2 | E54000008
                p2 | A00001 | 2000-01-01 |            | 1950 | 2 | E54000008
                p3 | A00001 | 2000-01-01 |            | 1950 | 2 | E54000008
                p4 | A00001 | 2000-01-01 |            | 1946 | 2 | E54000064
                p5 | A00001 | 2000-01-01 | 2020-03-31 | 1950 | 2 | E54000064
                p6 | A00001 | 2000-01-01 |            | 1950 | 1 | E54000008
            """),
            "cancer_registration": diagnosed("""
                p1 | 2020-03-10 | C509
                p2 | 2020-03-20 | C509
            """),
            "death": drawn("link_id | date_of_death\np2 | 2020-03-30"),
            "apc_spell": admitted("""
                p1 | 2020-03-09 | 21
                p1 | 2020-03-10 | 21
                p1 | 2020-04-08 | 2A
                p1 | 2020-04-09 | 21
                p1 | 2020-03-12 | 11
                p2 | 2020-03-30 | 21
                p3 | 2020-03-01 | 21
                p3 | 2020-03-01 | 21
                p4 | 2020-04-29 | 28
                p4 | 2020-04-30 | 21
                p5 | 2020-03-31 | 21
            """),
        },
    )
    women = cells[("Female",)]
    assert women.people == {1, 2}
    assert women.days == {("Female", 70): 40}
    assert women.happened == {ADMISSION: [1, 1]}, "not the day before, not the 31st day, nothing planned"
    assert others.persons == {("Female", 70): 3, ("Male", 70): 1}
    assert others.days == {("Female", 70): 150, ("Male", 70): 60}
    assert others.events == {ADMISSION: {("Female", 70): 3}}
    figures = before(spec, table)[("Female",)]
    assert figures["emergency_admission_expected"] == pytest.approx(0.8)
    assert figures["emergency_admission_ratio"] == 2.5
    assert figures["emergency_admission_percent"] == 50.0
    assert before(spec, table)[("Male",)]["emergency_admission_expected"] == 0


def test_the_second_cohort_worked_by_hand_spans_a_new_year_and_two_ages() -> None:
    """One man of 69, who is 70 from 1 January; two without cancer, of 69 and of 74 in December.

    Case: p1 from 22 December for 30 days, 10 of them at 65 to 69, 20 at 70 to 74. Others, from 1
    December up to 30 January (60 days): p2 31 days at 65 to 69 and 29 at 70 to 74; p3 31 at 70 to 74
    and 29 at 75 to 79; p4 is diagnosed in 2021, before the data end: nobody to compare with.
    Attendances: 1 at 65 to 69 (31 days), 3 at 70 to 74 (60 days).
    Expected: 10 * 1 / 31 + 20 * 3 / 60 = 0.3226 + 1 = 1.3226.
    """
    spec = an_emergency_spec(
        diagnosed_from=date(2019, 12, 1), diagnosed_to=date(2019, 12, 31), events=(ATTENDANCE,)
    )
    table, cells, others = emergency_agreed(
        spec,
        {
            "person_index": people(4),
            "gp_registration": registrations("""
                p1 | A00001 | 2000-01-01 | | 1950 | 1 |
                p2 | A00001 | 2000-01-01 | | 1950 | 1 |
                p3 | A00001 | 2000-01-01 | | 1945 | 1 |
                p4 | A00001 | 2000-01-01 | | 1945 | 1 |
            """),
            "cancer_registration": diagnosed("""
                p1 | 2019-12-22 | C61
                p2 | 2019-12-05 | C440
                p4 | 2021-12-31 | C61
            """),
            "ecds_attendance": attended("""
                p1 | 2020-01-20 | 1
                p1 | 2020-01-21 | 1
                p2 | 2019-12-31 | 1
                p2 | 2020-01-01 | 2
                p3 | 2019-12-01 |
                p3 | 2019-12-31 | 3
                p3 | 2019-12-30 | 4
                p3 | 2020-01-01 | 1
                p4 | 2020-01-01 | 1
            """),
        },
    )
    assert cells[()].days == {("Male", 65): 10, ("Male", 70): 20}
    assert others.persons == {("Male", 65): 1, ("Male", 70): 1}, "everybody once, on their first day"
    assert others.days == {("Male", 65): 31, ("Male", 70): 29 + 31, ("Male", 75): 29}
    assert others.events == {ATTENDANCE: {("Male", 65): 1, ("Male", 70): 3, ("Male", 75): 1}}
    figures = before(spec, table)[()]
    assert figures["emergency_attendance_observed"] == 1, "the 30th day is 20 January"
    assert figures["emergency_attendance_expected"] == pytest.approx(10 / 31 + 1)


def test_the_third_cohort_worked_by_hand_by_group_and_area() -> None:
    """Hospital data end on 25 March; a person with two cancers; one in no area; sexes apart.

    p1 in Sussex: breast on 11 March, lung on 21 March: 14 days for breast and the total, 4 for
    lung. p2 in no area: lung on 15 March, 10 days. p3 and p4, without cancer: 24 days each, 48 days,
    with 6 attendances and 2 admissions. Total: 24 days; expected 24 * 6 / 48 = 3 attendances and
    24 * 2 / 48 = 1 admission. Without either sensitive method one admission of the others stays.
    """
    breakdowns = (Breakdown.TUMOUR_GROUP, Breakdown.AREA)
    asked = {"tumour_groups": ("lung", "breast"), "areas": ("E54000064",)}
    tables = {
        "person_index": people(4),
        "gp_registration": [
            a_woman(1, icb_code="E54000064"),
            a_woman(2),
            a_woman(3, icb_code="E54000064"),
            a_woman(4),
        ],
        "cancer_registration": diagnosed("""
            p1 | 2020-03-11 | C504
            p1 | 2020-03-21 | C341
            p2 | 2020-03-15 | C349
        """),
        "ecds_attendance": attended("""
            p1 | 2020-03-11 | 1
            p1 | 2020-03-24 | 1
            p1 | 2020-03-25 | 1
            p2 | 2020-03-14 | 1
            p3 | 2020-03-02 | 1
            p3 | 2020-03-03 | 1
            p3 | 2020-03-03 | 1
            p4 | 2020-03-24 | 1
            p4 | 2020-03-01 | 1
            p4 | 2020-03-02 | 1
        """),
        "apc_spell": admitted("""
            p3 | 2020-03-02 | 2B
            p4 | 2020-03-24 | 21
        """),
    }
    sussex = "E54000064 Sussex"
    spec = an_emergency_spec(*breakdowns, **asked)
    table, cells, _ = emergency_agreed(spec, tables, date(2020, 3, 25))
    assert {labels: cell.people for labels, cell in cells.items()} == {
        ("Lung", sussex): {1},
        ("Lung", "Total"): {1, 2},
        ("Breast", sussex): {1},
        ("Breast", "Total"): {1},
        ("Total", sussex): {1},
        ("Total", "Total"): {1, 2},
    }
    assert {labels: cell.days.total() for labels, cell in cells.items() if labels[1] == "Total"} == {
        ("Lung", "Total"): 14,
        ("Breast", "Total"): 14,
        ("Total", "Total"): 24,
    }
    assert cells[("Lung", sussex)].happened[ATTENDANCE] == [1]
    assert cells[("Total", sussex)].happened[ATTENDANCE] == [1, 1]
    everybody = before(spec, table)[("Total", "Total")]
    assert everybody["emergency_attendance_expected"] == pytest.approx(3)
    assert everybody["emergency_attendance_ratio"] == 0.67
    assert everybody["emergency_admission_expected"] == pytest.approx(1)
    strict = an_emergency_spec(*breakdowns, **asked, admission_methods="without_either")
    table, _, _ = emergency_agreed(strict, tables, date(2020, 3, 25))
    assert before(strict, table)[("Total", "Total")]["emergency_admission_expected"] == pytest.approx(0.5)


def test_a_change_of_practice_does_not_end_the_time_at_risk_but_a_day_between_does() -> None:
    spec = an_emergency_spec()
    _, cells, others = emergency_agreed(
        spec,
        {
            "person_index": people(3),
            "gp_registration": registrations("""
                p1 | A00001 | 2000-01-01 | 2020-03-20 | 1950 | 2 |
                p1 | A00002 | 2020-03-20 |            | 1950 | 2 |
                p2 | A00001 | 2000-01-01 | 2020-03-20 | 1950 | 2 |
                p2 | A00002 | 2020-03-21 |            | 1950 | 2 |
                p3 | A00001 | 2000-01-01 | 2020-03-11 | 1950 | 2 |
                p3 | A00002 | 2020-03-21 | 2020-03-21 | 1930 | 1 |
                p3 | A00002 | 2020-04-20 |            | 1950 | 2 |
            """),
            "cancer_registration": diagnosed("""
                p1 | 2020-03-10 | C509
                p2 | 2020-03-10 | C509
            """),
        },
    )
    assert cells[()].days == {("Female", 70): 30 + 10}
    assert others.days == {("Female", 70): 10 + 10}, "who comes back is compared with again"
    assert others.persons == {("Female", 70): 1}


@pytest.mark.parametrize(("died", "who"), [("2020-03-09", set()), ("2020-03-10", set()), ("2020-03-11", {1})])
def test_who_died_by_the_day_of_diagnosis_is_no_case(died: str, who: set[int]) -> None:
    _, cells, _ = emergency_agreed(
        an_emergency_spec(),
        {
            "person_index": people(1),
            "gp_registration": [a_woman(1)],
            "cancer_registration": diagnosed("p1 | 2020-03-10 | C509"),
            "death": drawn(f"link_id | date_of_death\np1 | {died}"),
        },
    )
    assert cells[()].people == who


@pytest.mark.parametrize(
    ("day", "who"),
    [("2020-02-29", set()), ("2020-03-01", {1}), ("2020-03-31", {1}), ("2020-04-01", set())],
)
def test_the_diagnosis_period_holds_both_its_ends(day: str, who: set[int]) -> None:
    _, cells, _ = emergency_agreed(
        an_emergency_spec(),
        {
            "person_index": people(1),
            "gp_registration": [a_woman(1)],
            "cancer_registration": diagnosed(f"p1 | {day} | C509\np1 | 2020-03-30 | C440"),
        },
    )
    assert cells[()].people == who


def test_who_is_not_registered_on_the_day_of_diagnosis_or_not_on_the_roll_is_no_case() -> None:
    _, cells, others = emergency_agreed(
        an_emergency_spec(),
        {
            "person_index": people(2),
            "gp_registration": [
                a_woman(1, registration_start=date(2020, 3, 11)),
                a_woman(2, sex="X"),
                a_woman(3),
            ],
            "cancer_registration": diagnosed("p1 | 2020-03-10 | C509\np3 | 2020-03-10 | C509"),
        },
    )
    assert cells[()].people == set()
    assert others.persons == {}


def test_the_total_counts_first_diagnoses_of_any_cancer() -> None:
    """An older lung cancer takes nobody out of breast, but out of the total."""
    _, cells, _ = emergency_agreed(
        an_emergency_spec(Breakdown.TUMOUR_GROUP, tumour_groups=("breast",)),
        {
            "person_index": people(1),
            "gp_registration": [a_woman(1)],
            "cancer_registration": diagnosed("p1 | 2010-03-10 | C34\np1 | 2020-03-10 | C509"),
        },
    )
    assert cells[("Breast",)].people == {1}
    assert cells[ALL].people == set()
