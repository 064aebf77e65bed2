"""From a question to a typed plan: everything looked up, every label from the catalogue."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from itertools import product

from linkage_engine.catalogue.age_bands import AgeBand, age_bandings
from linkage_engine.catalogue.analysis_templates import AnalysisTemplate, analysis_template
from linkage_engine.catalogue.tumour_groups import TumourGroup, tumour_groups
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import Breakdown, PrevalenceParameters, QuerySpec
from linkage_engine.contract.refusals import QueryRefused, RefusalCode

EARLIEST_YEAR = 1900
"""No window may open before it: no record of the catalogue can be older."""


@dataclass(frozen=True)
class Dimension:
    """One breakdown and all its labels; the last one is the margin."""

    breakdown: Breakdown
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Limited-duration prevalence, ready to be run.

    A person is counted in a group when the first diagnosis in it lies after `window_opens`
    and not after `index_date`.
    """

    template: AnalysisTemplate
    index_date: date
    window_opens: date
    groups: tuple[TumourGroup, ...]
    """The groups asked for; all cancers are always counted beside them."""
    all_cancers: TumourGroup
    bands: tuple[AgeBand, ...]
    dimensions: tuple[Dimension, ...]

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


DEFINITE_SEXES = frozenset({"1", "2"})
"""Codes of the catalogue's sex list that exclude one another."""


def plan(spec: QuerySpec) -> Plan:
    """The plan of a question.

    Raises `QueryRefused(SPECIFICATION_INVALID)` when the catalogue lacks a tumour group or a
    banding, when groups are named twice or without the breakdown that shows them, or when the
    window opens before 1900.
    """
    asked = spec.parameters
    banding = age_bandings().named(asked.age_bands)
    groups = _groups(asked, shown=Breakdown.TUMOUR_GROUP in spec.breakdowns)
    if banding is None or asked.index_date.year - asked.lookback_years < EARLIEST_YEAR:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    template = analysis_template(spec.template)
    labels = {
        Breakdown.TUMOUR_GROUP: tuple(group.title for group in groups),
        Breakdown.SEX: tuple(sex.label for sex in template.sexes),
        Breakdown.AGE_BAND: tuple(band.label for band in banding.bands),
    }
    return Plan(
        template=template,
        index_date=asked.index_date,
        window_opens=_years_before(asked.index_date, asked.lookback_years),
        groups=groups,
        all_cancers=tumour_groups().all_cancers,
        bands=banding.bands,
        dimensions=tuple(Dimension(b, (*labels[b], TOTAL)) for b in spec.breakdowns),
    )


def _groups(asked: PrevalenceParameters, *, shown: bool) -> tuple[TumourGroup, ...]:
    if asked.tumour_groups is None:
        return tumour_groups().groups if shown else ()
    found = [group for name in asked.tumour_groups if (group := tumour_groups().named(name)) is not None]
    if not shown or len(found) != len(set(asked.tumour_groups)) or len(found) != len(asked.tumour_groups):
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    return tuple(found)


def _years_before(day: date, years: int) -> date:
    """The same day in an earlier year; 29 February becomes 28 February where there is none."""
    year = day.year - years
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))
