"""What the plans of all templates share: the cells of an answer, every label from the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeVar

from linkage_engine.catalogue.age_bands import AgeBand, age_bandings
from linkage_engine.catalogue.analysis_templates import AnalysisTemplate
from linkage_engine.catalogue.areas import Area
from linkage_engine.catalogue.tumour_groups import TumourGroup, tumour_groups
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import (
    AroundDiagnosisSpecification,
    Breakdown,
    CareReviewSpec,
    PersonalisedCareSpec,
    PrevalenceSpec,
    QualityOfLifeSpec,
    RegisterSpec,
)
from linkage_engine.contract.refusals import QueryRefused, RefusalCode

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
        for dimension, label in zip(self.dimensions, labels, strict=True):
            if dimension.breakdown is breakdown:
                return label
        return TOTAL

    def applies(self, labels: tuple[str, ...]) -> bool:
        """Whether the catalogue holds the cell possible: no cancer of the cervix in men."""
        group, sex = (self.label(labels, b) for b in (Breakdown.TUMOUR_GROUP, Breakdown.SEX))
        only = next((g.only_sex for g in self.groups if g.title == group), None)
        definite = {s.label for s in self.template.sexes if set(s.codes) & DEFINITE_SEXES}
        return only is None or sex == only or sex not in definite


def shared(
    spec: PrevalenceSpec
    | AroundDiagnosisSpecification
    | RegisterSpec
    | PersonalisedCareSpec
    | CareReviewSpec
    | QualityOfLifeSpec,
    template: AnalysisTemplate,
    *,
    shown_areas: tuple[Area, ...] = (),
    **own: tuple[str, ...],
) -> dict[str, Any]:
    """The fields of `Plan`; SPECIFICATION_INVALID where the catalogue lacks a name.

    Labels of breakdowns that only one template has are `own`, by the breakdown's name.
    """
    banding = age_bandings().named(spec.parameters.age_bands)
    if banding is None:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    groups = named(
        None if isinstance(spec, RegisterSpec | CareReviewSpec) else spec.parameters.tumour_groups,
        everything=tumour_groups().groups,
        find=tumour_groups().named,
        shown=Breakdown.TUMOUR_GROUP in spec.breakdowns,
    )
    labels = {
        Breakdown.TUMOUR_GROUP: tuple(group.title for group in groups),
        Breakdown.SEX: tuple(sex.label for sex in template.sexes),
        Breakdown.AGE_BAND: tuple(band.label for band in banding.bands),
        Breakdown.AREA: tuple(area.label for area in shown_areas),
        **own,
    }
    return {
        "template": template,
        "groups": groups,
        "bands": banding.bands,
        "dimensions": tuple(Dimension(b, (*labels[b], TOTAL)) for b in spec.breakdowns),
    }


def named(
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
