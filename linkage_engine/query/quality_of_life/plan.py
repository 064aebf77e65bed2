"""The plan of a question about quality of life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.areas import Area, areas
from linkage_engine.catalogue.definitions.eq_5d_5l import ValueSet, eq_5d_5l
from linkage_engine.contract.query_spec import Breakdown, QualityOfLifeSpec, Score
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.table_plan import Plan, named, shared


@dataclass(frozen=True)
class QualityOfLifePlan(Plan):
    """Whom a survey invited in a period, ready to be scored."""

    invited_from: date
    invited_to: date
    areas: tuple[Area, ...]
    """The areas asked for."""
    parts: tuple[str, ...]
    scores: tuple[Score, ...]
    value_set: ValueSet


def quality_of_life_plan(spec: QualityOfLifeSpec, data_end: date | None) -> QualityOfLifePlan:
    """The plan of a question; raises `QueryRefused` as `plan` says."""
    asked = spec.parameters
    value_set = eq_5d_5l().value_set(asked.value_set)
    if value_set is None:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    if data_end is None or data_end <= asked.invited_to:
        raise QueryRefused(RefusalCode.NO_LINKED_DATA)
    shown_areas = named(
        asked.areas,
        everything=areas().areas,
        find=areas().coded,
        shown=Breakdown.AREA in spec.breakdowns,
    )
    return QualityOfLifePlan(
        **shared(spec, analysis_template(spec.template), shown_areas=shown_areas),
        invited_from=asked.invited_from,
        invited_to=asked.invited_to,
        areas=shown_areas,
        parts=spec.parts,
        scores=asked.scores,
        value_set=value_set,
    )
