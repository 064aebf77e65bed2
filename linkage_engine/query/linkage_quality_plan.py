"""The plan of a question about a linkage's quality: whose people, by what, each breakdown on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from linkage_engine.catalogue.age_bands import AgeBand, age_bandings
from linkage_engine.catalogue.analysis_templates import LinkageQualityTemplate, linkage_quality_template
from linkage_engine.catalogue.areas import areas
from linkage_engine.catalogue.data_sets import DATA_SETS, code_list
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.query_spec import Breakdown, LinkageQualitySpec
from linkage_engine.contract.refusals import QueryRefused, RefusalCode

NOT_KNOWN = "Not known"
"""The label of those of whom a field says nothing, where the catalogue has no label for it."""
CodesOf = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class LinkageQualityPlan:
    """Who of a data set was linked to another one, ready to be run."""

    template: LinkageQualityTemplate
    data_set: str
    linked_to: str
    index_date: date
    breakdowns: tuple[Breakdown, ...]
    """As asked; of those that the data set does not hold there are no cells."""
    bands: tuple[AgeBand, ...]

    def labels(self, breakdown: Breakdown) -> tuple[str, ...]:
        """Every label of a breakdown, the last for what is not known; none where it is not held."""
        if not self.template.holds(self.data_set, breakdown):
            return ()
        if breakdown is Breakdown.AGE_BAND:
            return (*(band.label for band in self.bands), NOT_KNOWN)
        return tuple(dict.fromkeys(label for label, _ in self.codes(breakdown)))

    def codes(self, breakdown: Breakdown) -> CodesOf:
        """The labels of a breakdown by code, each with its codes."""
        if breakdown is Breakdown.SEX:
            return tuple((sex.label, sex.codes) for sex in self.template.sexes)
        if breakdown is Breakdown.ETHNIC_GROUP:
            return tuple((group.label, group.codes) for group in self.template.ethnic_groups)
        listed = (
            {area.code: area.label for area in areas().areas}
            if breakdown is Breakdown.AREA
            else code_list("imd_quintile").codes
        )
        return (*((label, (code,)) for code, label in listed.items()), (NOT_KNOWN, ()))

    def cells(self) -> Iterator[tuple[str, ...]]:
        """The labels of every cell, the total first: they follow from the question, never from the data."""
        width = len(self.breakdowns)
        yield (TOTAL,) * width
        for place, breakdown in enumerate(self.breakdowns):
            for label in self.labels(breakdown):
                yield (*(TOTAL,) * place, label, *(TOTAL,) * (width - place - 1))


def linkage_quality_plan(spec: LinkageQualitySpec) -> LinkageQualityPlan:
    """The plan of a question; a name that the catalogue lacks is QueryRefused(SPECIFICATION_INVALID)."""
    asked = spec.parameters
    banding = age_bandings().named(asked.age_bands)
    if banding is None or not {asked.data_set, asked.linked_to} <= set(DATA_SETS):
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    return LinkageQualityPlan(
        template=linkage_quality_template(),
        data_set=asked.data_set,
        linked_to=asked.linked_to,
        index_date=asked.index_date,
        breakdowns=spec.breakdowns,
        bands=banding.bands,
    )
