"""CAN004, CAN005 and the plain version in small cohorts worked by hand; both engines must agree on each."""

from __future__ import annotations

from datetime import date, timedelta

import pydantic
import pytest

from linkage_engine.catalogue.definitions.cancer_indicators import ReasonKind, cancer_indicators
from linkage_engine.contract.cancer_care_review import ADJUSTMENTS, EXCLUSIONS
from linkage_engine.contract.query_spec import FIRST_ON_REGISTER, Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.cancer_care_review.plan import care_review_plan
from tests.spec.drawn_care_reviews import YEAR_END, a_review_spec, agreed, on_registers
from tests.spec.drawn_registers import coded, registered

DIAGNOSED = date(2022, 6, 1)
LATELY = date(2023, 6, 1)


def of(cell: dict[str, frozenset[int]], indicator: str) -> dict[str, set[int]]:
    named = {
        name.removeprefix(f"{indicator}_"): who for name, who in cell.items() if name.startswith(indicator)
    }
    return {name: set(who) for name, who in named.items() if who}


def test_each_reason_of_can004_takes_somebody_out_or_adjusts() -> None:
    """First cohort: one person for each reason, one who meets it, one who does not."""
    tables = on_registers(
        ("p1", date(2022, 3, 31), "diagnosis"),
        ("p2", DIAGNOSED, "diagnosis"), ("p2", date(2023, 3, 31), "review"),
        ("p3", LATELY, "diagnosis"),
        ("p4", DIAGNOSED, "diagnosis"), ("p4", LATELY, "invitation"), ("p4", date(2023, 6, 8), "invitation"),
        ("p5", DIAGNOSED, "diagnosis"), ("p5", LATELY, "dissent"),
        ("p6", DIAGNOSED, "diagnosis"), ("p6", LATELY, "unsuitable"),
        ("p7", DIAGNOSED, "diagnosis"),
        ("p8", DIAGNOSED, "diagnosis"), ("p8", date(2023, 6, 1), "review"),
        ("p9", DIAGNOSED, "diagnosis"), ("p9", date(2023, 6, 2), "review"),
    )  # fmt: skip
    tables["gp_registration"][6] = registered("p7", registration_start=date(2024, 1, 1))
    assert of(agreed(a_review_spec(), tables)[()], "can004") == {
        "can_dat24m": {1},
        "mdrv_dat": {2},
        "diagcrv12m": {3},
        "caninvite": {4},
        "canpcadec": {5},
        "canpcapu": {6},
        "reg1_dat3": {7},
        "numerator": {8},
        "denominator": {8, 9},
        "den_plus_pca": {4, 5, 6, 7, 8, 9},
    }


def test_each_reason_of_can005_takes_somebody_out_or_adjusts() -> None:
    """Second cohort: the same for information about support, and a diagnosis of the last months."""
    early, late = date(2023, 1, 1), date(2024, 2, 1)
    tables = on_registers(
        ("p1", early - timedelta(days=1), "diagnosis"),
        ("p2", early, "diagnosis"), ("p2", date(2023, 3, 31), "support_info"),
        ("p3", late, "diagnosis"),
        ("p4", LATELY, "diagnosis"), ("p4", LATELY + timedelta(days=93), "support_info"),
        ("p5", LATELY, "diagnosis"), ("p5", LATELY + timedelta(days=94), "support_info"),
        ("p6", LATELY, "diagnosis"), ("p6", LATELY, "invitation"), ("p6", date(2023, 6, 7), "invitation"),
        ("p7", late, "diagnosis"), ("p7", late, "support_info"), ("p7", late, "dissent"),
    )  # fmt: skip
    assert of(agreed(a_review_spec(), tables)[()], "can005") == {
        "candat15m": {1},
        "cansup12m": {2},
        "diagcsup3m": {3},
        "numerator": {4, 7},
        "denominator": {4, 5, 6, 7},
        "den_plus_pca": {4, 5, 6, 7},
    }


def test_in_plain_words_the_first_diagnosis_counts_and_nobody_is_taken_out_for_a_reason() -> None:
    """Third cohort: the first and last days, refusals that do not count, and a second diagnosis."""
    first, last = date(2022, 4, 1), date(2023, 3, 31)
    tables = on_registers(
        ("p1", first, "diagnosis"), ("p1", first + timedelta(days=365), "review"),
        ("p2", last, "diagnosis"), ("p2", last + timedelta(days=366), "review"),
        ("p3", last + timedelta(days=1), "diagnosis"), ("p3", LATELY, "review"),
        ("p4", first, "diagnosis"), ("p4", LATELY, "dissent"),
        ("p5", first, "diagnosis"), ("p5", LATELY, "diagnosis"), ("p5", LATELY, "review"),
        ("p6", YEAR_END - timedelta(days=93), "diagnosis"), ("p6", YEAR_END, "support_info"),
        ("p7", YEAR_END - timedelta(days=92), "diagnosis"), ("p7", YEAR_END, "support_info"),
        ("p8", YEAR_END - timedelta(days=457), "diagnosis"),
        ("p9", YEAR_END - timedelta(days=458), "diagnosis"),
    )  # fmt: skip
    cell = agreed(a_review_spec(), tables)[()]
    assert cell["review_due"] == {1, 2, 4, 5, 8, 9}
    assert cell["reviewed"] == {1}
    assert cell["support_due"] == {2, 3, 6, 8}
    assert cell["supported"] == {6}


def test_who_is_on_no_register_at_the_end_of_the_year_is_in_no_cell() -> None:
    """Dead, gone, another condition, too early, in the next year; a review may not name another condition."""
    days = {1: DIAGNOSED, 2: DIAGNOSED, 4: FIRST_ON_REGISTER - timedelta(days=1), 6: FIRST_ON_REGISTER}
    tables = on_registers(
        *((f"p{n}", day, "diagnosis") for n, day in days.items()),
        ("p5", YEAR_END + timedelta(days=1), "diagnosis"),
        ("p7", DIAGNOSED, "diagnosis"),
        death=[{"link_id": "p1", "date_of_death": YEAR_END}],
    )
    tables["gp_registration"][1] = registered("p2", registration_end=YEAR_END)
    tables["gp_event"] += [
        coded("p3", DIAGNOSED, condition="copd"),
        coded("p7", LATELY, "review", condition="copd"),
        coded("p7", DIAGNOSED, "review", condition=None),
        coded("p7", LATELY, "dissent", condition=None),
    ]
    cell = agreed(a_review_spec(), tables)[()]
    assert cell["population"] == {6, 7}
    assert of(cell, "can004") == {"can_dat24m": {6}, "canpcadec": {7}, "den_plus_pca": {7}}


def test_reasons_are_those_of_the_framework_in_its_order() -> None:
    years = {year for each in cancer_indicators().indicators if each.reasons for year in each.years}
    for year in years:
        assert a_review_spec(year=year).parameters.last_day == date(int(year[:4]) + 1, 3, 31)
        for indicator in cancer_indicators().of_year(year):
            of_kind = {
                kind: tuple(each.name.lower() for each in indicator.reasons if each.kind is kind)
                for kind in ReasonKind
            }
            assert of_kind[ReasonKind.EXCLUSION] == EXCLUSIONS[indicator.name.lower()]
            assert of_kind[ReasonKind.ADJUSTMENT] == ADJUSTMENTS
    with pytest.raises(pydantic.ValidationError):
        a_review_spec(year="2020/21")


def test_months_are_whole_ones_before_the_end_of_the_year() -> None:
    made = care_review_plan(a_review_spec(), date(2025, 1, 1))
    assert {months: made.first_day(months) for months in (3, 12, 15, 24)} == {
        3: date(2024, 1, 1),
        12: date(2023, 4, 1),
        15: date(2023, 1, 1),
        24: date(2022, 4, 1),
    }
    assert made.first_day(4) == date(2023, 12, 1)


def test_a_year_that_the_data_do_not_reach_and_an_unknown_area_are_refused() -> None:
    for end in (None, YEAR_END):
        with pytest.raises(QueryRefused) as refused:
            care_review_plan(a_review_spec(), end)
        assert refused.value.code is RefusalCode.NO_LINKED_DATA
    with pytest.raises(QueryRefused) as refused:
        care_review_plan(a_review_spec(Breakdown.AREA, areas=("E54999999",)), date(2025, 1, 1))
    assert refused.value.code is RefusalCode.SPECIFICATION_INVALID
    assert (
        len(
            agreed(
                a_review_spec(Breakdown.AREA, areas=("E54000008",)),
                on_registers(("p1", DIAGNOSED, "diagnosis")),
            )
        )
        == 2
    )
