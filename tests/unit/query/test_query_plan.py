from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from linkage_engine.contract.query_spec import Breakdown, PrevalenceSpec
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.plan import plan
from linkage_engine.query.prevalence_plan import PrevalencePlan
from linkage_engine.query.prevalence_sql import statement
from tests.spec.drawn import a_spec


def a_plan(spec: PrevalenceSpec) -> PrevalencePlan:
    made = plan(spec)
    assert isinstance(made, PrevalencePlan)
    return made


GROUP, SEX, AGE = Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND


@pytest.mark.parametrize(
    ("breakdowns", "parameters"),
    [
        ((GROUP,), {"tumour_groups": ("breast", "nothing")}),
        ((GROUP,), {"tumour_groups": ("breast", "breast")}),
        ((GROUP,), {"tumour_groups": ("nothing", "nothing")}),
        ((SEX,), {"tumour_groups": ("breast",)}),
        ((), {"age_bands": "odd"}),
        ((), {"index_date": date(1920, 1, 1), "lookback_years": 21}),
    ],
    ids=["unknown group", "twice", "unknown twice", "not shown", "unknown banding", "before 1900"],
)
def test_a_question_that_the_catalogue_does_not_know_is_refused(
    breakdowns: tuple[Breakdown, ...], parameters: dict[str, Any]
) -> None:
    with pytest.raises(QueryRefused) as refusal:
        a_plan(a_spec(*breakdowns, **parameters))
    assert refusal.value.code is RefusalCode.SPECIFICATION_INVALID


def test_all_groups_are_shown_when_none_is_named() -> None:
    made = a_plan(a_spec(GROUP))
    assert len(made.groups) == 25
    assert made.dimensions[0].labels[-1] == "Total"


def test_groups_are_shown_in_the_order_asked() -> None:
    made = a_plan(a_spec(GROUP, tumour_groups=("lung", "bowel")))
    assert made.cells() == (("Lung",), ("Bowel",), ("Total",))


def test_the_window_opens_so_many_years_before_the_index_date() -> None:
    assert a_plan(a_spec(index_date=date(2024, 2, 29), lookback_years=21)).window_opens == date(2003, 2, 28)
    assert a_plan(a_spec(index_date=date(2024, 2, 29), lookback_years=4)).window_opens == date(2020, 2, 29)


@pytest.mark.parametrize(
    ("labels", "applies"),
    [
        (("Prostate", "Female"), False),
        (("Prostate", "Male"), True),
        (("Prostate", "Not known or not specified"), True),
        (("Prostate", "Total"), True),
        (("Cervix", "Male"), False),
        (("Breast", "Male"), True),
        (("Total", "Female"), True),
    ],
)
def test_a_cell_of_the_other_sex_does_not_apply(labels: tuple[str, ...], applies: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    assert a_plan(a_spec(GROUP, SEX)).applies(labels) is applies


def test_without_the_sex_breakdown_every_cell_applies() -> None:
    made = a_plan(a_spec(GROUP, AGE))
    assert all(made.applies(labels) for labels in made.cells())


def every_plan() -> list[PrevalencePlan]:
    subsets: list[tuple[Breakdown, ...]] = [(), (GROUP,), (SEX,), (AGE,), (SEX, AGE), (GROUP, SEX, AGE)]
    return [a_plan(a_spec(*breakdowns)) for breakdowns in subsets]


def test_the_texts_of_all_statements_are_fixed() -> None:
    """Whatever else is asked, only the breakdowns choose among four texts."""
    texts = {statement(made).text for made in every_plan()}
    assert len(texts) == 4
    other = a_plan(a_spec(SEX, AGE, index_date=date(2011, 1, 1), lookback_years=3, age_bands="ten_year"))
    assert statement(other).text in texts
