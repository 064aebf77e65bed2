"""The plan of a question about reviews of cancer care."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.areas import Area, areas
from linkage_engine.contract.query_spec import Breakdown, CareReviewSpec
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.table_plan import Plan, named, shared


@dataclass(frozen=True)
class CareReviewPlan(Plan):
    """A register on the last day of a year, ready to be asked about."""

    last_day: date
    areas: tuple[Area, ...]
    """The areas asked for."""
    parts: tuple[str, ...]

    def first_day(self, months: int) -> date:
        """The first day of so many months that end with the year."""
        years, rest = divmod(months, 12)
        year = self.last_day.year - years
        return date(year, 4 - rest, 1) if rest <= _MONTHS_SINCE_JANUARY else date(year - 1, 16 - rest, 1)


_MONTHS_SINCE_JANUARY = 3


def care_review_plan(spec: CareReviewSpec, data_end: date | None) -> CareReviewPlan:
    """The plan of a question; raises `QueryRefused` as `plan` says."""
    asked = spec.parameters
    if data_end is None or data_end <= asked.last_day:
        raise QueryRefused(RefusalCode.NO_LINKED_DATA)
    shown_areas = named(
        asked.areas,
        everything=areas().areas,
        find=areas().coded,
        shown=Breakdown.AREA in spec.breakdowns,
    )
    return CareReviewPlan(
        **shared(spec, analysis_template(spec.template), shown_areas=shown_areas),
        last_day=asked.last_day,
        areas=shown_areas,
        parts=spec.parts,
    )
