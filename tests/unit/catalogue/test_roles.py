"""The role of everything that a question is made of: whom it is about, or what is counted."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files

import pydantic
import pytest

from linkage_engine.catalogue.analysis_templates import AnalysisTemplate, analysis_template
from linkage_engine.catalogue.data_sets import DATA_SETS, FieldRole
from linkage_engine.catalogue.roles import asked_roles
from linkage_engine.catalogue.variables import Part, TemplateRoles, Variable
from linkage_engine.contract.query_spec import (
    TEMPLATES,
    Breakdown,
    CareReviewParameters,
    EmergencyParameters,
    ExcessParameters,
    LinkageQualityParameters,
    PersonalisedCareParameters,
    PrevalenceParameters,
    QualityOfLifeParameters,
    RegisterParameters,
    SocialCareParameters,
    TrajectoryParameters,
)
from linkage_engine.contract.value import Value
from tests.spec.drawn import a_spec
from tests.spec.drawn_emergency import an_emergency_spec

PARAMETERS: dict[str, type[Value]] = {
    "prevalence": PrevalenceParameters,
    "emergency_15m": EmergencyParameters,
    "linkage_quality": LinkageQualityParameters,
    "service_use_trajectory": TrajectoryParameters,
    "excess_vs_same_age_sex": ExcessParameters,
    "social_care_response": SocialCareParameters,
    "register_completeness": RegisterParameters,
    "personalised_care_coverage": PersonalisedCareParameters,
    "cancer_care_review": CareReviewParameters,
    "quality_of_life": QualityOfLifeParameters,
}


@pytest.mark.parametrize("name", DATA_SETS)
def test_every_field_of_every_data_set_has_a_role(name: str) -> None:
    text = (files("linkage_engine.catalogue") / "data_set_schemas" / f"{name}.json").read_text("utf-8")
    roles = {field["role"] for field in json.loads(text)["fields"]}
    assert roles <= {role.value for role in FieldRole}


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_parameter_that_can_be_asked_has_a_role(name: str) -> None:
    assert analysis_template(name).roles.parameters.keys() == PARAMETERS[name].model_fields.keys()


@pytest.mark.parametrize("kind", ["dimensions", "parts"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_with_something_that_has_no_role_is_none(name: str, kind: str) -> None:
    fields = json.loads(analysis_template(name).model_dump_json())
    AnalysisTemplate.model_validate({key: fields[key] for key in AnalysisTemplate.model_fields})
    fields["roles"][kind].popitem()
    with pytest.raises(pydantic.ValidationError, match="has a role"):
        AnalysisTemplate.model_validate({key: fields[key] for key in AnalysisTemplate.model_fields})


def test_a_role_of_a_column_that_is_not_read_is_none() -> None:
    fields = json.loads(analysis_template("prevalence").model_dump_json())
    fields["roles"]["population"]["fields"] = ["death.place_of_death"]
    with pytest.raises(pydantic.ValidationError, match="columns that are read"):
        AnalysisTemplate.model_validate(fields)


DEATH = "death.date_of_death"


def test_an_outcome_that_classifies_says_why() -> None:
    assert Variable.model_validate({"roles": ["outcome"], "fields": [DEATH]}).counts
    assert Variable.model_validate({"roles": ["classification"], "fields": [DEATH], "why": "x"}).classifies
    with pytest.raises(pydantic.ValidationError, match="says why"):
        Variable.model_validate({"roles": ["classification"], "fields": [DEATH]})


@pytest.mark.parametrize("field", ["death.no_such_column", "no_such_table.x"])
def test_a_field_that_the_catalogue_lacks_has_no_role(field: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="no field"):
        Variable.model_validate({"roles": ["classification"], "fields": [field]})


def test_what_is_counted_is_an_outcome_and_a_population_is_not() -> None:
    with pytest.raises(pydantic.ValidationError, match="nothing counted"):
        Part.model_validate({"outcome": "x", "fields": ["gp_registration.sex"]})
    with pytest.raises(pydantic.ValidationError, match="nothing counted"):
        Part.model_validate({"outcome": "x", "fields": [DEATH], "of_linkage": True})
    with pytest.raises(pydantic.ValidationError, match="not counted"):
        TemplateRoles.model_validate(
            {"population": {"roles": ["outcome"]}, "dimensions": {}, "parameters": {}, "parts": {}}
        )


def test_ways_to_count_differ_by_what_changes_the_number_and_by_nothing_else() -> None:
    first = asked_roles(a_spec(lookback_years=20))
    assert first.outcomes == {"numerator": "cancer_diagnosed"}
    assert first.cohort is None
    assert asked_roles(a_spec(lookback_years=20, age_bands="ten_year")) == first
    assert asked_roles(a_spec(lookback_years=21)).counted_as != first.counted_as


def test_the_tumour_group_chooses_an_outcome_of_everybody_and_divides_cases() -> None:
    by = (Breakdown.TUMOUR_GROUP, Breakdown.SEX)
    prevalence, emergency = asked_roles(a_spec(*by)), asked_roles(an_emergency_spec(*by))
    assert (prevalence.dividing, prevalence.counting) == (("tumour_group",), ())
    assert (emergency.dividing, emergency.counting) == ((), ("tumour_group",))


def test_the_period_of_diagnosis_makes_a_cohort_and_the_window_does_not() -> None:
    first = asked_roles(an_emergency_spec())
    later = asked_roles(an_emergency_spec(window_days=100))
    assert later.cohort == first.cohort
    assert later.counted_as != first.counted_as
    shorter = asked_roles(an_emergency_spec(diagnosed_to=date(2020, 3, 30)))
    assert shorter.cohort != first.cohort
    assert shorter.counted_as == first.counted_as
