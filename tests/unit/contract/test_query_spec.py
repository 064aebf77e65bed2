from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from linkage_engine.contract.query_spec import (
    FIFTEEN_MONTHS,
    TEMPLATES,
    Breakdown,
    CareReviewSpec,
    EmergencySpec,
    EventKind,
    ExcessSpec,
    LinkageQualitySpec,
    PersonalisedCareSpec,
    PrevalenceSpec,
    QualityOfLifeSpec,
    RegisterSpec,
    SocialCareSpec,
    TrajectorySpec,
    place_in_text,
    query_spec,
)

SECRET = "943 476 5919"
PREVALENCE: dict[str, Any] = {
    "specification": 1,
    "project_id": "a-project",
    "template": "prevalence",
    "parameters": {"index_date": "2024-12-31"},
    "breakdowns": ["sex"],
}
EMERGENCY: dict[str, Any] = PREVALENCE | {
    "template": "emergency_15m",
    "parameters": {"diagnosed_from": "2022-01-01", "diagnosed_to": "2022-12-31"},
    "breakdowns": ["tumour_group", "area"],
}
QUALITY: dict[str, Any] = PREVALENCE | {
    "template": "linkage_quality",
    "parameters": {
        "data_set": "cancer_registration",
        "linked_to": "gp_registration",
        "index_date": "2024-12-31",
    },
    "breakdowns": ["age_band", "sex", "ethnic_group", "deprivation", "area"],
}


PERIOD = {"diagnosed_from": "2022-01-01", "diagnosed_to": "2022-12-31"}
TRAJECTORY = {
    "specification": 1,
    "project_id": "a-project",
    "template": "service_use_trajectory",
    "parameters": {**PERIOD, "events": ["emergency_admission", "care_assessment"]},
    "breakdowns": ["period", "sex"],
}
EXCESS = TRAJECTORY | {
    "template": "excess_vs_same_age_sex",
    "parameters": {**PERIOD, "events": ["day_case"]},
    "breakdowns": ["sex"],
}
SOCIAL_CARE = EXCESS | {"template": "social_care_response", "parameters": PERIOD}
CARE = EXCESS | {"template": "personalised_care_coverage", "parameters": PERIOD}
REVIEW = EXCESS | {"template": "cancer_care_review", "parameters": {"year": "2023/24"}}
REGISTER = EXCESS | {"template": "register_completeness", "parameters": {"index_date": "2024-12-31"}}
SURVEY = EXCESS | {
    "template": "quality_of_life",
    "parameters": {"invited_from": "2022-01-01", "invited_to": "2022-12-31"},
}


def test_the_template_says_which_question_it_is() -> None:
    assert isinstance(query_spec(PREVALENCE), PrevalenceSpec)
    assert isinstance(query_spec(EMERGENCY), EmergencySpec)
    assert isinstance(query_spec(QUALITY), LinkageQualitySpec)
    assert isinstance(query_spec(TRAJECTORY), TrajectorySpec)
    assert isinstance(query_spec(EXCESS), ExcessSpec)
    assert isinstance(query_spec(SOCIAL_CARE), SocialCareSpec)
    assert isinstance(query_spec(REGISTER), RegisterSpec)
    assert isinstance(query_spec(CARE), PersonalisedCareSpec)
    assert isinstance(query_spec(REVIEW), CareReviewSpec)
    assert len(set(query_spec(REVIEW).parts)) == len(query_spec(REVIEW).parts) == 26
    assert isinstance(query_spec(SURVEY), QualityOfLifeSpec)
    asked = (PREVALENCE, EMERGENCY, QUALITY, TRAJECTORY, EXCESS, SOCIAL_CARE, REGISTER, CARE, REVIEW, SURVEY)
    assert tuple(query_spec(fields).template for fields in asked) == TEMPLATES


@pytest.mark.parametrize(
    "changed_to",
    [
        {"period": "quarter", "months_before": 4},
        {"period": "quarter", "months_after": 5},
        {"period": "week"},
        {"months_before": 25},
        {"months_after": 0},
        {"events": ["day_case", "day_case"]},
        {"events": []},
    ],
)
def test_a_trajectory_is_of_whole_periods_around_the_diagnosis(changed_to: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        query_spec(changed(TRAJECTORY, **changed_to))


def test_a_trajectory_is_broken_down_by_period_and_nothing_else_is() -> None:
    with pytest.raises(ValidationError, match="by period"):
        query_spec(TRAJECTORY | {"breakdowns": ["sex"]})
    with pytest.raises(ValidationError):
        query_spec(EXCESS | {"breakdowns": ["period"]})


def test_a_window_ends_after_it_starts() -> None:
    with pytest.raises(ValidationError, match="ends before it starts"):
        query_spec(changed(EXCESS, from_month=3, to_month=3))


def test_the_quality_of_a_linkage_is_of_two_data_sets_and_its_breakdowns_are_not_crossed() -> None:
    spec = query_spec(QUALITY)
    assert (spec.crossed, len(spec.parts)) == (1, 3)
    assert query_spec(QUALITY | {"breakdowns": []}).crossed == 0
    assert (query_spec(PREVALENCE).crossed, query_spec(EMERGENCY).crossed) == (1, 2)
    assert [query_spec(fields).crossed for fields in (REGISTER, CARE, REVIEW, SURVEY)] == [1] * 4
    with pytest.raises(ValidationError, match="two different data sets"):
        query_spec(changed(QUALITY, linked_to="cancer_registration"))


@pytest.mark.parametrize("fields", [PREVALENCE, EMERGENCY, QUALITY])
def test_a_question_comes_back_from_its_json(fields: dict[str, Any]) -> None:
    spec = query_spec(fields)
    assert query_spec(spec.model_dump(mode="json")) == spec


@pytest.mark.parametrize("linkage", ["strict", "lenient"])
def test_a_question_says_who_is_one_person_unless_it_is_as_ever(linkage: str) -> None:
    spec = query_spec(EMERGENCY | {"linkage": linkage})
    assert spec.model_dump(mode="json")["linkage"] == linkage
    assert query_spec(spec.model_dump(mode="json")) == spec
    as_ever = query_spec(EMERGENCY | {"linkage": "primary"})
    assert as_ever == query_spec(EMERGENCY)
    assert "linkage" not in as_ever.to_json(), "written as before it could be said"


def test_the_quality_of_a_linkage_is_about_all_link_ids_and_others_are_none() -> None:
    with pytest.raises(ValidationError, match="about all three link ids"):
        query_spec(QUALITY | {"linkage": "strict"})
    with pytest.raises(ValidationError, match="'strict', 'primary' or 'lenient'"):
        query_spec(EMERGENCY | {"linkage": "loose"})


def test_what_is_left_out_of_emergency_care_is_fifteen_months_and_everything() -> None:
    spec = query_spec(EMERGENCY)
    assert isinstance(spec, EmergencySpec)
    asked = spec.parameters
    assert (asked.window_days, asked.events, asked.admission_methods) == (
        456,
        (EventKind.EMERGENCY_ADMISSION, EventKind.EMERGENCY_ATTENDANCE),
        "all",
    )
    assert round(15 / 12 * 365.25) - FIFTEEN_MONTHS in {0, 1}
    assert spec.parts == ("emergency_admission", "emergency_attendance")


def test_prevalence_counts_one_part() -> None:
    assert query_spec(PREVALENCE).parts == ("numerator",)


def test_personalised_care_counts_every_item_and_none_twice() -> None:
    spec = query_spec(CARE)
    assert len(spec.parts) == len(set(spec.parts)) == 16
    assert spec.crossed == 1
    one = query_spec(changed(CARE, items=["treatment_summary"]))
    assert one.parts == tuple(each for each in spec.parts if each.startswith("treatment_summary"))
    with pytest.raises(ValidationError):
        query_spec(changed(CARE, items=["care_plan", "care_plan"]))


def changed(fields: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    return fields | {"parameters": fields["parameters"] | parameters}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (PREVALENCE | {"template": SECRET}, ("template",)),
        (PREVALENCE | {"template": [SECRET]}, ("template",)),
        ({"project_id": "a-project"}, ("template",)),
        (PREVALENCE | {"breakdowns": ["area"]}, ("breakdowns", 0)),
        (PREVALENCE | {"breakdowns": ["sex", "sex"]}, ("breakdowns",)),
        (changed(PREVALENCE, diagnosed_from="2020-01-01"), ("parameters", "diagnosed_from")),
        (changed(PREVALENCE, index_date=SECRET), ("parameters", "index_date")),
        (EMERGENCY | {"breakdowns": list(Breakdown)}, ("breakdowns",)),
        (changed(EMERGENCY, diagnosed_to="2021-12-31"), ("parameters",)),
        (changed(EMERGENCY, diagnosed_to="9999-12-31"), ("parameters", "diagnosed_to")),
        (changed(EMERGENCY, window_days=27), ("parameters", "window_days")),
        (changed(EMERGENCY, window_days=1097), ("parameters", "window_days")),
        (changed(EMERGENCY, events=[]), ("parameters", "events")),
        (changed(EMERGENCY, events=["emergency_admission"] * 2), ("parameters", "events")),
        (changed(EMERGENCY, areas=[SECRET]), ("parameters", "areas", 0)),
    ],
)
def test_a_question_outside_the_language_is_refused_where_it_is_wrong(
    fields: dict[str, Any], place: tuple[int | str, ...]
) -> None:
    with pytest.raises(ValidationError) as refusal:
        query_spec(fields)
    assert place_in_text(refusal.value.errors()[0]) == place
    assert SECRET not in str(refusal.value)


def test_a_survey_counts_who_answered_and_who_has_each_score() -> None:
    spec = query_spec(changed(SURVEY, scores=["pain", "mobility"]))
    assert spec.parts == ("responded", "pain", "mobility_problem", "mobility_none")
    assert spec.crossed == 1
    assert query_spec(SURVEY).parts == ("responded", "eq_vas", "summary_score")
