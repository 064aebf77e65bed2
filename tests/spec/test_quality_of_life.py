"""Surveys told in small tables; both engines must agree on each, and every score is worked by hand."""

from __future__ import annotations

from datetime import date

import pydantic
import pytest

from linkage_engine.contract.query_spec import Breakdown, Score
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.plan import plan
from tests.spec.drawn import Rows, people
from tests.spec.drawn_registers import registered
from tests.spec.drawn_survey import DATA_END, DAY, a_survey_spec, agreed, answered, invited

LAST = date(2022, 12, 31)


def a_cohort(*invitations: dict[str, object], **tables: Rows) -> dict[str, Rows]:
    """Women born in 1950 with a cancer of the breast in 2020, one for each invitation, and these."""
    links = sorted({str(row["link_id"]) for row in invitations})
    return {
        "person_index": people(9),
        "gp_registration": [registered(link) for link in links],
        "cancer_registration": [diagnosed(link) for link in links],
        "qol_response": list(invitations),
    } | tables


def diagnosed(link_id: str, day: date = date(2020, 5, 5), code: str = "C509") -> dict[str, object]:
    return {"link_id": link_id, "diagnosis_date": day, "primary_diagnosis_icd10": code}


def test_five_women_asked_of_whom_three_answered() -> None:
    """Fatigue of 3 items from 1 to 4: 4 + 3 + 2 is level 6 of 9; items 10 and 12 alone, 2 + 2, are level 3;
    one item of three is no score."""
    spec = a_survey_spec(scores=(Score.FATIGUE, Score.EQ_VAS, Score.MOBILITY))
    cell = agreed(
        spec,
        a_cohort(
            answered("p1", q10=4, q12=3, q18=2, eq_vas=60, eq_mo=3),
            answered("p2", q10=2, q12=2, eq_vas=0, eq_mo=1),
            answered("p3", q10=4),
            answered("p4", linkage_consent="no", q10=4, q12=4, q18=4, eq_vas=1),
            invited("p5"),
        ),
    )[()]
    assert cell.population == {1, 2, 3, 4, 5}
    assert cell.parts == {
        "responded": {1, 2, 3},
        "fatigue": {1, 2},
        "eq_vas": {1, 2},
        "mobility_problem": {1},
        "mobility_none": {2},
    }
    assert cell.values["fatigue"] == {1: 6, 2: 3, 3: 0, 4: 0, 5: 0}
    assert cell.values["eq_vas"] == {1: 60, 2: 0, 3: 0, 4: 0, 5: 0}


def test_functioning_is_turned_round_and_an_item_left_out_counts_as_the_others() -> None:
    """Emotional functioning, items 21 to 24: 1, 2 and 4 have mean 7/3, 4/3 beyond 1, 5.33 of 12: 5, so 7."""
    spec = a_survey_spec(scores=(Score.EMOTIONAL_FUNCTIONING, Score.GLOBAL_HEALTH))
    cell = agreed(spec, a_cohort(answered("p1", q21=1, q22=2, q23=4, q29=7), answered("p2", q30=1)))[()]
    assert cell.values["emotional_functioning"] == {1: 7, 2: 0}
    assert cell.values["global_health"] == {1: 12, 2: 0}
    assert cell.parts["emotional_functioning"] == {1}
    assert cell.parts["global_health"] == {1, 2}


def test_the_index_is_kept_as_what_is_lost_and_the_norms_are_everybodys() -> None:
    """Profile 21121 loses 32 + 56 thousandths; a woman of 72 has norms of 65 to 74, one of 75 the next."""
    spec = a_survey_spec(scores=(Score.EQ_INDEX, Score.EQ_VAS))
    whole = {"eq_mo": 2, "eq_sc": 1, "eq_ua": 1, "eq_pd": 2, "eq_ad": 1}
    tables = a_cohort(answered("p1", **whole), answered("p2", **(whole | {"eq_ua": None})), invited("p3"))
    tables["gp_registration"][2] |= {"year_of_birth": 1947}
    cell = agreed(spec, tables)[()]
    assert cell.parts["eq_index"] == {1}
    assert cell.values["eq_index"] == {1: 88, 2: 0, 3: 0}
    assert cell.values["eq_vas_norm"] == {1: 816, 2: 816, 3: 775}
    assert cell.values["eq_index_norm"] == {1: 158, 2: 158, 3: 214}


def test_each_is_asked_once_by_the_first_invitation_of_the_period() -> None:
    first, last = date(2022, 1, 1), LAST
    spec = a_survey_spec(scores=(Score.EQ_VAS,))
    cell = agreed(
        spec,
        a_cohort(
            invited("p1", first),
            answered("p1", eq_vas=50),
            invited("p2", date(2021, 12, 31), response_date=DAY, linkage_consent="yes", eq_vas=10),
            invited("p3", last),
            invited("p4", date(2023, 1, 1)),
            answered("p5", eq_vas=40, response_date=date(2022, 7, 2)),
            answered("p5", eq_vas=30),
        ),
    )[()]
    assert cell.population == {1, 3, 5}
    assert cell.parts["eq_vas"] == {5}
    assert cell.values["eq_vas"][5] == 30


def test_who_has_no_cancer_is_dead_has_left_or_is_too_young_is_not_counted() -> None:
    tables = a_cohort(*(answered(f"p{n}", eq_vas=50) for n in range(1, 8)))
    tables["cancer_registration"] = [
        diagnosed("p1", DAY),
        diagnosed("p2", date(2022, 6, 2)),
        diagnosed("p3", code="C441"),
        *(diagnosed(f"p{n}") for n in (4, 5, 6, 7)),
    ]
    tables["death"] = [{"link_id": "p4", "date_of_death": DAY}]
    tables["gp_registration"][4]["registration_end"] = DAY
    tables["gp_registration"][5]["year_of_birth"] = 2007
    tables["gp_registration"][6]["year_of_birth"] = 2006
    cells = agreed(a_survey_spec(Breakdown.AGE_BAND), tables)
    assert cells["Total",].population == {1, 7}


def test_somebody_with_two_cancers_is_in_both_groups_and_once_in_the_total() -> None:
    tables = a_cohort(answered("p1", eq_vas=50), invited("p2"))
    tables["cancer_registration"].append(diagnosed("p1", date(2021, 1, 1), "C341"))
    tables["gp_registration"][1]["icb_code"] = "E54999999"
    spec = a_survey_spec(
        Breakdown.TUMOUR_GROUP, Breakdown.AREA, tumour_groups=("breast", "lung"), areas=("E54000008",)
    )
    cells = agreed(spec, tables)
    by_group = {label: cells[label, "Total"].population for label in ("Breast", "Lung", "Total")}
    assert by_group == {"Breast": {1, 2}, "Lung": {1}, "Total": {1, 2}}
    named = next(area for _, area in cells if area != "Total")
    assert cells["Total", named].population == {1}


def test_of_nobody_asked_everything_is_empty() -> None:
    cell = agreed(a_survey_spec(scores=tuple(Score)), {"person_index": people(1)})[()]
    assert not cell.population
    assert not any(cell.parts.values())


def test_a_period_that_the_data_do_not_reach_is_refused() -> None:
    for end in (None, LAST):
        with pytest.raises(QueryRefused) as refused:
            plan(a_survey_spec(), data_end=end)
        assert refused.value.code is RefusalCode.NO_LINKED_DATA


def test_a_set_of_values_or_an_area_that_the_catalogue_lacks_is_refused() -> None:
    unknown = a_survey_spec(value_set="devlin_2018"), a_survey_spec(Breakdown.AREA, areas=("E54999999",))
    for spec in unknown:
        with pytest.raises(QueryRefused) as refused:
            plan(spec, data_end=DATA_END)
        assert refused.value.code is RefusalCode.SPECIFICATION_INVALID


@pytest.mark.parametrize(
    "parameters",
    [
        {"invited_from": date(2023, 1, 1)},
        {"scores": ()},
        {"scores": ("eq_vas", "eq_vas")},
        {"scores": ("happiness",)},
    ],
    ids=["ends before it starts", "no score", "a score twice", "no such score"],
)
def test_what_cannot_be_asked_is_no_question(parameters: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        a_survey_spec(**parameters)
