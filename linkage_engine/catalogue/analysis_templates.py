"""Analysis templates: the closed list of questions, each with its definition, inputs and measures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Self

from pydantic import StringConstraints, model_validator

from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.catalogue.events import CountedEvent, events
from linkage_engine.catalogue.scores import with_scores
from linkage_engine.catalogue.variables import TemplateRoles
from linkage_engine.contract.controlled_table import PlannedMeasure
from linkage_engine.contract.query_spec import (
    TEMPLATES,
    AroundDiagnosisSpecification,
    Breakdown,
    CareReviewSpec,
    LinkageQualitySpec,
    PersonalisedCareSpec,
    QualityOfLifeSpec,
    QuerySpec,
    RegisterSpec,
)
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.contract.value import FieldName, ShortText, Value


class Sex(Value):
    """A label of the sex breakdown and the codes that fall under it."""

    label: ShortText
    codes: tuple[str, ...]


class AnalysisTemplate(Value):
    """What a question means, which columns it reads and what its numbers are called."""

    name: FieldName
    version: str
    title: ShortText
    definition: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    source: ShortText
    inputs: dict[FieldName, tuple[FieldName, ...]]
    """Columns beside `link_id` that each data set must have."""
    breakdowns: tuple[Breakdown, ...]
    one_label: tuple[Breakdown, ...]
    """Those in which a person has one label at most, beside the same labels of the others."""
    population_by: tuple[Breakdown, ...]
    """Those that divide the population; along the others it is the same people."""
    roles: TemplateRoles
    sexes: tuple[Sex, ...]
    measures: tuple[PlannedMeasure, ...]

    @model_validator(mode="after")
    def _every_variable_has_a_role(self) -> Self:
        parts = {measure.part for measure in self.measures} - {None}
        inputs = {f"{table}.{column}" for table, columns in self.inputs.items() for column in columns}
        roles = self.roles
        if (
            roles.dimensions.keys() != set(self.breakdowns)
            or roles.parts.keys() != parts
            or not roles.fields <= inputs
        ):
            msg = "every breakdown and every part has a role, of the columns that are read"
            raise ValueError(msg)
        return self

    def measures_of(self, parts: Collection[str]) -> tuple[PlannedMeasure, ...]:
        """The measures of the population and of the parts asked for, in the template's order."""
        return tuple(measure for measure in self.measures if measure.part in {None, *parts})


class EventMeasure(PlannedMeasure):
    """A column that every kind of event has.

    `{event}` stands for the kind's title in its title; `event` for its name in its part, its variable and
    the part that competes.
    """

    part: FieldName = "event"

    def of(self, event: CountedEvent) -> PlannedMeasure:
        """The column of one kind."""
        fields = (
            self.model_dump()
            | {
                "name": f"{event.kind}_{self.name}",
                "title": self.title.replace("{event}", event.title),
            }
            | {
                name: said.replace("event", event.kind.value)
                for name in ("part", "variable", "competing", "besides", "third", "within")
                if (said := getattr(self, name)) is not None
            }
        )
        return PlannedMeasure.model_validate(fields)


class AroundDiagnosisTemplate(AnalysisTemplate):
    """What the questions about events around a diagnosis need besides."""

    reference_ages: tuple[int, ...] = ()
    """The youngest age of each stratum of those compared with; the last is open."""
    event_measures: tuple[EventMeasure, ...] = ()
    """Of each kind of event that is a part, after the other measures."""

    @model_validator(mode="before")
    @classmethod
    def _with_measures_of_events(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """The measures of every kind of event beside the others."""
        each = [EventMeasure.model_validate(one) for one in fields.get("event_measures", ())]
        known = {measure.get("part") for measure in fields["measures"]}
        parts = set(fields["roles"]["parts"]) - known
        counted = [kind for kind in events().kinds if kind.kind.value in parts]
        made = [one.of(kind).model_dump(mode="json") for kind in counted for one in each]
        return {**fields, "measures": [*fields["measures"], *made]}


class Group(Value):
    """A label and the codes that fall under it; the last of several is what is not known."""

    label: ShortText
    codes: tuple[str, ...]


class LinkageQualityTemplate(AnalysisTemplate):
    """What the question about the quality of a linkage needs besides."""

    ethnic_groups: tuple[Group, ...]
    held: dict[FieldName, dict[FieldName, FieldName]]
    """For each data set what of a person it holds, and in which column; nothing else is held."""

    def holds(self, data_set_name: str, breakdown: Breakdown) -> bool:
        """Whether a data set has a field for a breakdown."""
        columns = self.held[data_set_name]
        return not columns.keys().isdisjoint(_HELD_AS.get(breakdown, (breakdown.value,)))


class PersonalisedCareTemplate(AnalysisTemplate):
    """What the question about personalised care needs besides."""

    stages: tuple[Group, ...]


class QualityOfLifeTemplate(AnalysisTemplate):
    """The question about quality of life: its measures and parts are those of every score."""

    @model_validator(mode="before")
    @classmethod
    def _with_measures_of_scores(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return with_scores(fields)


SURVEY = "qol_response"
_HELD_AS = {Breakdown.AGE_BAND: ("age", "year_of_birth")}
_KINDS: Mapping[str, type[AnalysisTemplate]] = {
    "emergency_15m": AroundDiagnosisTemplate,
    "service_use_trajectory": AroundDiagnosisTemplate,
    "excess_vs_same_age_sex": AroundDiagnosisTemplate,
    "social_care_response": AroundDiagnosisTemplate,
    "linkage_quality": LinkageQualityTemplate,
    "personalised_care_coverage": PersonalisedCareTemplate,
    "quality_of_life": QualityOfLifeTemplate,
}


_CARE = "cosd_personalised_care"


@cache
def analysis_template(name: str) -> AnalysisTemplate:
    """The template of that name; an unknown one is `QueryRefused(SPECIFICATION_INVALID)`."""
    if name not in TEMPLATES:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    return _KINDS.get(name, AnalysisTemplate).model_validate_json(_text(name))


@cache
def around_diagnosis_template(name: str) -> AroundDiagnosisTemplate:
    """The template of that name, which asks about events around a diagnosis."""
    return AroundDiagnosisTemplate.model_validate_json(_text(name))


@cache
def linkage_quality_template() -> LinkageQualityTemplate:
    """The template of a linkage's quality."""
    return LinkageQualityTemplate.model_validate_json(_text("linkage_quality"))


@cache
def personalised_care_template() -> PersonalisedCareTemplate:
    """The template of personalised care."""
    return PersonalisedCareTemplate.model_validate_json(_text("personalised_care_coverage"))


def planned_measures(spec: QuerySpec) -> tuple[PlannedMeasure, ...]:
    """The measures of a question: to be linked to a data set that holds everybody is an ordinary thing."""
    measures = analysis_template(spec.template).measures_of(spec.parts)
    if isinstance(spec, LinkageQualitySpec) and data_set(spec.parameters.linked_to).is_everybody:
        return tuple(each.model_copy(update={"is_ordinary": each.part is not None}) for each in measures)
    return measures


def event_data_sets(spec: QuerySpec) -> tuple[str, ...]:
    """The data sets that tell of the events a question asks about; their extracts end what can be known."""
    if isinstance(spec, RegisterSpec):
        return ("cancer_registration", "gp_event")
    if isinstance(spec, PersonalisedCareSpec):
        return ("cancer_registration", _CARE)
    if isinstance(spec, CareReviewSpec):
        return ("gp_event",)
    if isinstance(spec, QualityOfLifeSpec):
        return ("cancer_registration", SURVEY)
    if not isinstance(spec, AroundDiagnosisSpecification):
        return ()
    return events().data_sets(spec.parameters.events)


def outcome_data_sets(spec: QuerySpec) -> tuple[str, ...]:
    """The data sets that tell only what is counted, and nothing of whom a number is about."""
    if isinstance(spec, LinkageQualitySpec):
        return (spec.parameters.linked_to,)
    if isinstance(spec, CareReviewSpec):
        return ()  # practices' events say who is on a register, and so whom a cell is about
    if isinstance(spec, PersonalisedCareSpec):
        # Where a question is broken down by trust, records of care say whom a cell is about.
        return () if Breakdown.ORGANISATION in spec.breakdowns else (_CARE,)
    if isinstance(spec, QualityOfLifeSpec):
        return ()
    return event_data_sets(spec) or ("cancer_registration",)


def outcome_columns(spec: QuerySpec) -> Mapping[str, frozenset[str]]:
    """Of a data set that tells whom a number is about, the columns that tell only what is counted."""
    if not isinstance(spec, QualityOfLifeSpec):
        return {}
    counted = {
        field for part in analysis_template(spec.template).roles.parts.values() for field in part.fields
    }
    return {SURVEY: frozenset(field.removeprefix(f"{SURVEY}.") for field in counted)}


def _text(name: str) -> str:
    return (files("linkage_engine.catalogue") / "templates" / f"{name}.json").read_text(encoding="utf-8")
