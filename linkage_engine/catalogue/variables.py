"""The role of every variable of a template: does it say whom a number is about, or what is counted."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from linkage_engine.catalogue.data_sets import DATA_SETS, FieldRole, data_set
from linkage_engine.contract.value import FieldName, ShortText, Value

Column = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
"""A field of the catalogue: data set, dot, column."""
Roles = Annotated[
    tuple[Literal[FieldRole.CLASSIFICATION, FieldRole.OUTCOME], ...], Field(min_length=1, max_length=2)
]


class Variable(Value):
    """Something that a question is made of; `classification` decides whom cells are about.

    What classifies and is made of a field that is an outcome by itself (a death, a diagnosis) says why:
    then decisions depend on how many people have it.
    """

    roles: Roles
    fields: tuple[Column, ...] = ()
    why: ShortText | None = None

    @property
    def classifies(self) -> bool:
        """Whether it decides who is in a cell."""
        return FieldRole.CLASSIFICATION in self.roles

    @property
    def counts(self) -> bool:
        """Whether it changes what is counted, or how."""
        return FieldRole.OUTCOME in self.roles

    @model_validator(mode="after")
    def _declared(self) -> Self:
        sensitive = {name for name in self.fields if _role(name) is not FieldRole.CLASSIFICATION}
        if self.classifies and sensitive and self.why is None:
            msg = "an outcome that classifies says why"
            raise ValueError(msg)
        return self


class Parameter(Variable):
    """What the researcher chooses beside the dimensions."""

    chooses: bool = False
    """Whether it is a list of what the template has, each as it always is: it changes no number."""
    filters: bool = False
    """Whether it says who belongs to the cohort, so that two values of it make two nested cohorts."""


class Part(Value):
    """What is counted within a population: an outcome, never whom a number is about."""

    outcome: FieldName
    """Counts of one outcome wear one budget, whatever the parameters were."""
    fields: tuple[Column, ...]
    of_linkage: bool = False
    """Whether it is that records were linked: then no field holds it."""

    @model_validator(mode="after")
    def _outcome(self) -> Self:
        held = any(_role(name) is FieldRole.OUTCOME for name in self.fields)
        if held is self.of_linkage:
            msg = "nothing counted is an outcome"
            raise ValueError(msg)
        return self


class TemplateRoles(Value):
    """The role of everything that a template's questions are made of."""

    population: Variable
    dimensions: dict[FieldName, Variable]
    parameters: dict[FieldName, Parameter]
    parts: dict[FieldName, Part]

    @property
    def fields(self) -> set[str]:
        """Every field that something is made of."""
        variables = (self.population, *self.dimensions.values(), *self.parameters.values())
        lists = [*(each.fields for each in variables), *(each.fields for each in self.parts.values())]
        return {name for names in lists for name in names}

    @model_validator(mode="after")
    def _population_classifies(self) -> Self:
        if self.population.counts:
            msg = "a population is not counted of anything"
            raise ValueError(msg)
        return self


def _role(name: str) -> FieldRole:
    """The role of a field; one that the catalogue lacks is no field."""
    table, column = name.split(".")
    field = data_set(table).field(column) if table in DATA_SETS else None
    if field is None:
        msg = "no field of the catalogue"
        raise ValueError(msg)
    return field.role
