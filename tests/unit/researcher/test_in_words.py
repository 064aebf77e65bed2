"""What a specification asks, in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from linkage_engine.contract.query_spec import QuerySpec, query_spec
from service.problems.results import SpecificationInvalid
from service.researcher.in_words import in_words
from tests.unit.contract.test_query_spec import (
    CARE,
    EMERGENCY,
    EXCESS,
    PREVALENCE,
    QUALITY,
    REVIEW,
    SOCIAL_CARE,
    TRAJECTORY,
    changed,
)


def said(fields: dict[str, Any]) -> str:
    asked: QuerySpec = query_spec(fields)
    return "\n".join(in_words(asked))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (PREVALENCE, "first diagnosed in the 21 years before"),
        (PREVALENCE, "sex (3 and the total); 4 cells"),
        (EMERGENCY, "Followed for 456 days"),
        (EMERGENCY | {"breakdowns": []}, "Broken down by: nothing; 1 cells"),
        (changed(EMERGENCY, admission_methods="without_either"), "Emergency admissions: Without 2B and 28"),
        (EMERGENCY, "area (42 and the total)"),
        (QUALITY, "looked for in gp_registration"),
        (QUALITY, "each on its own"),
        (TRAJECTORY, "period (30 and the total)"),
        (TRAJECTORY, "From 12 months before the diagnosis to 18 after, by month"),
        (TRAJECTORY, "Counted: emergency admissions, assessments of social care needs"),
        (EXCESS | {"breakdowns": ["age_band"]}, "From month 0 to month 12"),
        (EXCESS, "day_case_ratio: Planned day cases, observed over expected (ratio)"),
        (REVIEW, "whom a practice has entered"),
        (REVIEW, "Of 2023/24: CAN004 and CAN005"),
        (CARE, "alive six months later"),
        (changed(CARE, items=["care_plan"]), "Asked about: care plan; in time is up to 183 days"),
        (CARE | {"breakdowns": ["stage"]}, "stage (5 and the total)"),
        (
            changed(CARE, organisations=["RAA", "RBB"]) | {"breakdowns": ["organisation"]},
            "organisation (2 and the total)",
        ),
        (SOCIAL_CARE, "the year before it is told apart"),
    ],
)
def test_a_question_says_whom_it_is_about_what_is_counted_and_how_large_its_table_is(
    fields: dict[str, Any], words: str
) -> None:
    assert words in said(fields)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("tumour_groups", ["canary"]),
        ("areas", ["E99999999"]),
        ("age_bands", "odd"),
        ("admission_methods", "odd"),
    ],
)
def test_a_name_that_the_catalogue_lacks_is_named_by_its_place(parameter: str, value: object) -> None:
    with pytest.raises(SpecificationInvalid) as refused:
        said(changed(EMERGENCY, **{parameter: value}))
    assert refused.value.as_json()["faults"] == [
        {"pointer": f"/parameters/{parameter}", "code": "not-in-catalogue"}
    ]


def test_a_question_by_surer_or_by_more_links_says_so() -> None:
    assert "surest links alone" in " ".join(in_words(query_spec(PREVALENCE | {"linkage": "strict"})))
    assert "more links" in " ".join(in_words(query_spec(PREVALENCE | {"linkage": "lenient"})))
    assert "links" not in " ".join(in_words(query_spec(PREVALENCE)))
