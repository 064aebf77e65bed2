from __future__ import annotations

import re
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.query_spec import Breakdown
from service.publication.chart import Chart, Figure, Form, Mark, ticks
from service.publication.charts import charts
from service.publication.drawing import svg
from service.publication.funnel import Z_95, Z_998, limits
from service.publication.released import Released
from tests.unit.publication.releases import PREVALENCE, Numbers, a_release
from tests.unit.publication.studies import (
    BY_AREA_RELEASE,
    CARE_RELEASE,
    EMERGENCY_RELEASE,
    EXCESS_RELEASE,
    LINKAGE_RELEASE,
    REGISTERS_RELEASE,
    SOCIAL_CARE_RELEASE,
    TRAJECTORY_BY_SEX_RELEASE,
    TRAJECTORY_RELEASE,
)


def the_chart(release: Released) -> Chart:
    (chart,) = charts(release)
    return chart


def test_a_trajectory_is_lines_along_time_beside_people_of_the_same_age_and_sex() -> None:
    chart = the_chart(TRAJECTORY_RELEASE)
    assert (chart.form, [mark.label for mark in chart.marks]) == (Form.LINES, ["-2", "-1", "0", "1", "2"])
    assert chart.comparator_title == "People of the same age and sex"
    assert chart.marks[2] == Mark(
        "0", Figure(900.0, "900"), Figure(850.0, "850"), Figure(960.0, "960"), Figure(100.0, "100")
    )


def test_each_sex_has_a_trajectory_of_its_own_on_the_scale_of_all() -> None:
    whole, male, female = charts(TRAJECTORY_BY_SEX_RELEASE)  # of those not known nothing is told
    assert [chart.title.rpartition(": ")[2] for chart in (male, female)] == ["Male", "Female"]
    assert [mark.value.text for mark in female.marks] == ["90.0", "410"]
    assert male.scale == female.scale == (0.0, 200.0, 400.0, 600.0, 800.0, 1000.0)
    assert [mark.value.text for mark in whole.marks] == ["100", "700"]
    assert len({chart.name for chart in (whole, male, female)}) == 3


def test_a_line_breaks_where_a_number_is_hidden_and_says_why() -> None:
    drawing = svg(the_chart(TRAJECTORY_RELEASE))
    solid = re.findall(r'stroke-width="2"/>', drawing)
    dashed = re.findall(r'stroke-width="2" stroke-dasharray="6 4"/>', drawing)
    diamonds = drawing.count("<path") - 1
    # Five months, the fourth hidden: two steps are left of four, of each line.
    assert (len(solid) - diamonds - 1, len(dashed)) == (2, 2)
    assert ">[c]</text>" in drawing


def test_an_excess_is_points_with_limits_beside_nought() -> None:
    chart = the_chart(EXCESS_RELEASE)
    assert (chart.form, chart.line) == (Form.INTERVALS, 0.0)
    assert chart.heads[1:] == ("From (95 %)", "To (95 %)")
    drawing = svg(chart)
    assert 'stroke-dasharray="4 3"' in drawing
    assert (drawing.count("<circle"), ">120.5<" in drawing or ">120<" in drawing) == (2, True)


def test_ratios_stand_beside_one() -> None:
    admissions, attendances = charts(EMERGENCY_RELEASE)
    assert (admissions.line, admissions.form) == (1.0, Form.INTERVALS)
    assert "Highest: 2.33 (Female); lowest: 1.38 (Male). Not shown: 1 of 3." in admissions.says
    assert attendances.says.endswith("Not shown: 3 of 3.")
    assert svg(attendances).count("[c]") == 3


def test_areas_are_a_funnel_of_percentages_around_the_whole() -> None:
    _, chart = charts(BY_AREA_RELEASE)
    assert (chart.form, chart.line) == (Form.FUNNEL, 31.0)
    assert [mark.label for mark in chart.marks] == ["Large", "Small", "Odd", "Far"]
    assert chart.heads[0] == "People"
    assert [each.text for each in chart.marks[2].figures] == ["4,000", "45.0", "28.7", "33.3"]
    assert "Beyond the outer limits: Odd, Far." in chart.says
    drawing = svg(chart)
    assert drawing.count("<circle") == 5  # one of the legend
    assert drawing.count('fill="none"') == 4
    assert re.search('text-anchor="start"[^>]*>Odd<', drawing)
    assert re.search('text-anchor="end"[^>]*>Far<', drawing)
    assert ">Small</text>" not in drawing


def test_without_its_total_or_areas_there_is_no_funnel() -> None:
    told: dict[str, float | CellStatus] = {"cases": 300, "emergency_admission_percent": 30.0}
    tables: tuple[Numbers, ...] = (
        {("A",): told},
        {("A",): told, ("Total",): {}},
        {("Total",): told},
        {("A",): {}, ("Total",): told},
    )
    for numbers in tables:
        drawn = charts(a_release(BY_AREA_RELEASE.asked, numbers))
        assert [each for each in drawn if each.form is Form.FUNNEL] == []


@given(st.floats(0, 100), st.integers(1, 10**6))
def test_limits_hold_just_those_whose_interval_holds_the_whole(percent: float, people: int) -> None:
    """Against Wilson's interval computed by itself, at both limits."""
    outer, inner = limits(percent, people, Z_998), limits(percent, people, Z_95)
    assert 0 <= outer[0] <= inner[0] <= percent <= inner[1] <= outer[1] <= 100
    for at in outer:
        if 0 < at < 100:
            low, high = wilson(at / 100, people, Z_998)
            assert min(abs(low - percent / 100), abs(high - percent / 100)) < 1e-6


def wilson(share: float, people: int, z: float) -> tuple[float, float]:
    middle = (share + z * z / (2 * people)) / (1 + z * z / people)
    reach = z / (1 + z * z / people) * sqrt(share * (1 - share) / people + z * z / (4 * people**2))
    return middle - reach, middle + reach


def test_of_a_curve_the_latest_day_is_drawn_and_data_that_are_absent_stand_apart() -> None:
    chart, before = charts(SOCIAL_CARE_RELEASE)
    assert chart.form is Form.BARS
    assert "in the year before" in before.title
    assert "within 18 months" in chart.title
    drawing = svg(chart)
    assert (drawing.count("<rect"), drawing.count(">[x]<")) == (1, 1)


def test_completeness_is_pairs_of_the_strict_and_the_lenient_link_id() -> None:
    chart = the_chart(LINKAGE_RELEASE)  # nothing is told by age, so nothing is drawn
    assert (chart.form, chart.along) == (Form.DUMBBELL, "Sex")
    assert chart.heads == ("By the strict link id", "By the lenient link id")
    assert svg(chart).count("<circle") == 3  # two, and one of the legend
    assert svg(chart).count("<path") == 2


def test_registers_are_pairs_of_who_is_in_the_other_list_too() -> None:
    chart = the_chart(REGISTERS_RELEASE)
    assert (chart.form, chart.title) == (Form.DUMBBELL, "Percentage who are in the other list too, by sex")
    assert [each.text for each in chart.marks[0].figures] == ["94.3", "97.0"]
    assert svg(chart).count("<path") == 2  # one, and one of the legend


def test_a_trust_that_submits_nothing_is_neither_nought_nor_in_the_funnel() -> None:
    """Of a trust with nobody nothing is told: that is another thing again."""
    drawn = {chart.name: chart for chart in charts(CARE_RELEASE)}
    bars = drawn["chart-needs-assessment-offered-percent"]
    assert (bars.form, bars.along) == (Form.BARS, "Trust")
    assert [each.value.text for each in bars.marks] == ["80.0", "50.0", "no submission", "[c]"]
    assert "no submission" in svg(bars)
    funnel = drawn["funnel-needs-assessment-offered-percent"]
    assert [mark.label for mark in funnel.marks] == ["RAA", "RBB"]
    assert [mark.size and mark.size.text for mark in funnel.marks] == ["1,000", "300"]
    assert "Beyond the outer limits: RAA, RBB." in funnel.says
    within = drawn["funnel-needs-assessment-accepted-percent"]
    assert [mark.size and mark.size.text for mark in within.marks] == ["800", "150"]
    assert not any(mark.is_beyond for mark in within.marks)


def test_all_of_a_told_number_of_people_of_whom_nothing_was_submitted_are_no_submission() -> None:
    numbers: Numbers = {
        ("RAA",): {"diagnosed": 40, "needs_assessment_no_submission": 40},
        ("RBB",): {"diagnosed": 45, "needs_assessment_no_submission": 40},
        ("Total",): {"diagnosed": 85},
    }
    (bars,) = (each for each in charts(a_release(CARE_RELEASE.asked, numbers)) if "offered" in each.name)
    assert [each.value.text for each in bars.marks] == ["no submission", "[c]"]


def test_prevalence_is_bars_from_nought() -> None:
    chart = the_chart(a_release())
    assert chart.form is Form.BARS
    assert [mark.value.text for mark in chart.marks] == ["4.0", "5.0", "[c]"]


def test_without_rows_along_a_breakdown_nothing_is_drawn() -> None:
    assert charts(a_release(numbers={("Total",): {"numerator": 30}})) == ()


def test_a_table_whose_columns_are_others_by_now_is_not_drawn() -> None:
    release = a_release()
    table = release.table.model_copy(update={"measures": release.table.measures[::-1][:-1]})
    assert charts(Released(release.statement, release.question, table, release.record, release.log, {})) == ()


def test_rows_along_one_breakdown_are_those_of_all_others_together() -> None:
    spec = PREVALENCE.model_copy(update={"breakdowns": (Breakdown.SEX, Breakdown.AGE_BAND)})
    told = {"percent": 3.0}
    release = a_release(
        spec, {("Male", "0 to 44"): told, ("Male", "Total"): told, ("Total", "0 to 44"): told}
    )
    assert [mark.label for mark in the_chart(release).marks] == ["Male"]


def test_markup_and_long_labels_stay_in_their_place() -> None:
    label = "<b>" + "x" * 60
    chart = Chart("c", "<i>", Form.BARS, "l", "v", None, (Mark(label, Figure(1.0, "1")),))
    drawing = svg(chart)
    assert "<b>" not in drawing
    assert "<i>" not in drawing
    assert not re.search("<text[^>]*>[^<]*x{40}", drawing)
    assert "…" in drawing


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((), (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        ((0.0,), (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        ((3.12,), (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5)),
        ((-20.0, 260.0), (-50.0, 0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0)),
        ((-3.0,), (-3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0)),
    ],
)
def test_ticks_are_round_and_hold_nought(numbers: tuple[float, ...], expected: tuple[float, ...]) -> None:
    assert ticks(numbers) == expected


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), max_size=6).map(tuple))
def test_ticks_enclose_every_number(numbers: tuple[float, ...]) -> None:
    made = ticks(numbers)
    assert made[0] <= min((0.0, *numbers))
    assert made[-1] >= max((0.0, *numbers))
    assert 2 <= len(made) <= 12
    assert 0.0 in made
    assert list(made) == sorted(set(made))
