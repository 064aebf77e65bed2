"""From a question to a typed plan: everything looked up, every label from the catalogue."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any, TypeVar

from linkage_engine.catalogue.age_bands import AgeBand, age_bandings
from linkage_engine.catalogue.analysis_templates import (
    AnalysisTemplate,
    EmergencyTemplate,
    analysis_template,
    emergency_template,
)
from linkage_engine.catalogue.areas import Area, areas
from linkage_engine.catalogue.tumour_groups import TumourGroup, tumour_groups
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import (
    Breakdown,
    EmergencySpec,
    EventKind,
    LinkageQualitySpec,
    PrevalenceSpec,
    QuerySpec,
)
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.linkage_quality_plan import LinkageQualityPlan, linkage_quality_plan

EARLIEST_YEAR = 1900
"""No window may open before it: no record of the catalogue can be older."""

DEFINITE_SEXES = frozenset({"1", "2"})
"""Codes of the catalogue's sex list that exclude one another."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Dimension:
    """One breakdown and all its labels; the last one is the margin."""

    breakdown: Breakdown
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What the plans of all templates share: the cells of the answer."""

    template: AnalysisTemplate
    groups: tuple[TumourGroup, ...]
    """The groups asked for; all cancers are always counted beside them."""
    bands: tuple[AgeBand, ...]
    dimensions: tuple[Dimension, ...]

    @property
    def all_cancers(self) -> TumourGroup:
        """Every group together."""
        return tumour_groups().all_cancers

    @property
    def breakdowns(self) -> tuple[Breakdown, ...]:
        """The breakdowns in the order asked."""
        return tuple(dimension.breakdown for dimension in self.dimensions)

    def cells(self) -> tuple[tuple[str, ...], ...]:
        """The labels of every cell, margins included: they follow from the question, never from the data."""
        return tuple(product(*(dimension.labels for dimension in self.dimensions)))

    def label(self, labels: tuple[str, ...], breakdown: Breakdown) -> str:
        """A cell's label in one breakdown; `Total` where it was not asked."""
        return dict(zip(self.breakdowns, labels, strict=True)).get(breakdown, TOTAL)

    def applies(self, labels: tuple[str, ...]) -> bool:
        """Whether the catalogue holds the cell possible: no cancer of the cervix in men."""
        group, sex = (self.label(labels, b) for b in (Breakdown.TUMOUR_GROUP, Breakdown.SEX))
        only = next((g.only_sex for g in self.groups if g.title == group), None)
        definite = {s.label for s in self.template.sexes if set(s.codes) & DEFINITE_SEXES}
        return only is None or sex == only or sex not in definite


@dataclass(frozen=True)
class PrevalencePlan(Plan):
    """Limited-duration prevalence, ready to be run.

    A person is counted in a group when the first diagnosis in it lies after `window_opens`
    and not after `index_date`.
    """

    index_date: date
    window_opens: date


@dataclass(frozen=True)
class EmergencyPlan(Plan):
    """Emergency care after diagnosis against others of the same age and sex, ready to be run.

    Days at risk lie before `data_end`; those compared with are at risk from `diagnosed_from` up
    to, not including, `span_end`.
    """

    template: EmergencyTemplate
    diagnosed_from: date
    diagnosed_to: date
    window_days: int
    data_end: date
    kinds: tuple[EventKind, ...]
    admission_methods: tuple[str, ...]
    areas: tuple[Area, ...]
    """The areas asked for."""

    @property
    def span_end(self) -> date:
        """The first day on which nobody is at risk any more."""
        return min(self.data_end, self.diagnosed_to + timedelta(days=self.window_days))

    @property
    def strata(self) -> tuple[tuple[str, int], ...]:
        """Sex and youngest age of every stratum, in the order of every tally."""
        sexes = (sex.label for sex in self.template.sexes)
        return tuple(product(sexes, self.template.reference_ages))


AnyPlan = PrevalencePlan | EmergencyPlan | LinkageQualityPlan


def plan(spec: QuerySpec, *, data_end: date | None = None) -> AnyPlan:
    """The plan of a question; `data_end` is the day from which hospital data knows nothing.

    Raises `QueryRefused`: SPECIFICATION_INVALID when the catalogue lacks a name, when names stand
    twice or without the breakdown that shows them, or when a window opens before 1900;
    NO_LINKED_DATA when hospital data is asked about and ends before the diagnosis period starts.
    """
    if isinstance(spec, LinkageQualitySpec):
        return linkage_quality_plan(spec)
    return _prevalence(spec) if isinstance(spec, PrevalenceSpec) else _emergency(spec, data_end)


def _prevalence(spec: PrevalenceSpec) -> PrevalencePlan:
    asked = spec.parameters
    if asked.index_date.year - asked.lookback_years < EARLIEST_YEAR:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    return PrevalencePlan(
        **_shared(spec, analysis_template(spec.template), shown_areas=()),
        index_date=asked.index_date,
        window_opens=_years_before(asked.index_date, asked.lookback_years),
    )


def _emergency(spec: EmergencySpec, data_end: date | None) -> EmergencyPlan:
    asked, template = spec.parameters, emergency_template()
    shown_areas = _named(
        asked.areas,
        everything=areas().areas,
        find=areas().coded,
        shown=Breakdown.AREA in spec.breakdowns,
    )
    methods = template.methods(asked.admission_methods)
    if methods is None:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    if data_end is None or data_end <= asked.diagnosed_from:
        raise QueryRefused(RefusalCode.NO_LINKED_DATA)
    return EmergencyPlan(
        **_shared(spec, template, shown_areas=shown_areas),
        diagnosed_from=asked.diagnosed_from,
        diagnosed_to=asked.diagnosed_to,
        window_days=asked.window_days,
        data_end=data_end,
        kinds=asked.events,
        admission_methods=methods.codes,
        areas=shown_areas,
    )


def _shared(
    spec: PrevalenceSpec | EmergencySpec, template: AnalysisTemplate, *, shown_areas: tuple[Area, ...]
) -> dict[str, Any]:
    """The fields of `Plan`."""
    banding = age_bandings().named(spec.parameters.age_bands)
    if banding is None:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    groups = _named(
        spec.parameters.tumour_groups,
        everything=tumour_groups().groups,
        find=tumour_groups().named,
        shown=Breakdown.TUMOUR_GROUP in spec.breakdowns,
    )
    labels = {
        Breakdown.TUMOUR_GROUP: tuple(group.title for group in groups),
        Breakdown.SEX: tuple(sex.label for sex in template.sexes),
        Breakdown.AGE_BAND: tuple(band.label for band in banding.bands),
        Breakdown.AREA: tuple(area.label for area in shown_areas),
    }
    return {
        "template": template,
        "groups": groups,
        "bands": banding.bands,
        "dimensions": tuple(Dimension(b, (*labels[b], TOTAL)) for b in spec.breakdowns),
    }


def _named(
    names: tuple[str, ...] | None,
    *,
    everything: tuple[Item, ...],
    find: Callable[[str], Item | None],
    shown: bool,
) -> tuple[Item, ...]:
    """What the names of a breakdown mean: everything when none is given, nothing when it is not shown."""
    if names is None:
        return everything if shown else ()
    found = [item for name in names if (item := find(name)) is not None]
    if not shown or len(found) != len(set(names)) or len(found) != len(names):
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    return tuple(found)


def _years_before(day: date, years: int) -> date:
    """The same day in an earlier year; 29 February becomes 28 February where there is none."""
    year = day.year - years
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))
