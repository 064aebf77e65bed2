"""Analysis templates: the closed list of questions, each with its definition and inputs."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import StringConstraints

from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.contract.value import FieldName, ShortText, Value

TEMPLATES = ("prevalence",)
"""The questions that can be asked."""


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
    sexes: tuple[Sex, ...]
    numerator: ShortText
    denominator: ShortText


@cache
def analysis_template(name: str) -> AnalysisTemplate:
    """The template of that name; an unknown one is `QueryRefused(SPECIFICATION_INVALID)`."""
    if name not in TEMPLATES:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    text = (files("linkage_engine.catalogue") / "templates" / f"{name}.json").read_text(encoding="utf-8")
    return AnalysisTemplate.model_validate_json(text)
