"""Analysis templates: the closed list of questions, each with its definition, inputs and measures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.catalogue.variables import TemplateRoles
from linkage_engine.contract.controlled_table import PlannedMeasure
from linkage_engine.contract.query_spec import (
    TEMPLATES,
    Breakdown,
    EmergencySpec,
    EventKind,
    LinkageQualitySpec,
    QuerySpec,
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


class AdmissionMethods(Value):
    """One answer to what an emergency admission is."""

    name: FieldName
    title: ShortText
    codes: tuple[str, ...]


class EventSource(Value):
    """The hospital data set that tells of a kind of event."""

    kind: EventKind
    data_set: FieldName


class EmergencyTemplate(AnalysisTemplate):
    """What the question about emergency care needs besides."""

    reference_ages: tuple[int, ...]
    """The youngest age of each stratum; the last is open."""
    admission_methods: tuple[AdmissionMethods, ...]
    """The first is the default; the others say how much the answer hangs on it."""
    events: tuple[EventSource, ...]

    def methods(self, name: str) -> AdmissionMethods | None:
        """The set of that name, or nothing."""
        return next((methods for methods in self.admission_methods if methods.name == name), None)

    def data_sets(self, kinds: Collection[EventKind]) -> tuple[str, ...]:
        """The hospital data sets that events of these kinds are read from."""
        return tuple(source.data_set for source in self.events if source.kind in kinds)


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


_HELD_AS = {Breakdown.AGE_BAND: ("age", "year_of_birth")}
_KINDS: Mapping[str, type[AnalysisTemplate]] = {
    "emergency_15m": EmergencyTemplate,
    "linkage_quality": LinkageQualityTemplate,
}


@cache
def analysis_template(name: str) -> AnalysisTemplate:
    """The template of that name; an unknown one is `QueryRefused(SPECIFICATION_INVALID)`."""
    if name not in TEMPLATES:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    return _KINDS.get(name, AnalysisTemplate).model_validate_json(_text(name))


@cache
def emergency_template() -> EmergencyTemplate:
    """The template of emergency care after a diagnosis."""
    return EmergencyTemplate.model_validate_json(_text("emergency_15m"))


@cache
def linkage_quality_template() -> LinkageQualityTemplate:
    """The template of a linkage's quality."""
    return LinkageQualityTemplate.model_validate_json(_text("linkage_quality"))


def planned_measures(spec: QuerySpec) -> tuple[PlannedMeasure, ...]:
    """The measures of a question: to be linked to a data set that holds everybody is an ordinary thing."""
    measures = analysis_template(spec.template).measures_of(spec.parts)
    if isinstance(spec, LinkageQualitySpec) and data_set(spec.parameters.linked_to).is_everybody:
        return tuple(each.model_copy(update={"is_ordinary": each.part is not None}) for each in measures)
    return measures


def hospital_data_sets(spec: QuerySpec) -> tuple[str, ...]:
    """The data sets that tell of the events a question asks about; their extracts end what can be known."""
    if not isinstance(spec, EmergencySpec):
        return ()
    return emergency_template().data_sets(spec.parameters.events)


def outcome_data_sets(spec: QuerySpec) -> tuple[str, ...]:
    """The data sets that tell only what is counted, and nothing of whom a number is about."""
    if isinstance(spec, LinkageQualitySpec):
        return (spec.parameters.linked_to,)
    return hospital_data_sets(spec) if isinstance(spec, EmergencySpec) else ("cancer_registration",)


def _text(name: str) -> str:
    return (files("linkage_engine.catalogue") / "templates" / f"{name}.json").read_text(encoding="utf-8")
