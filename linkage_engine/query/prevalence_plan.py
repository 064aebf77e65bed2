"""The plan of a question about limited-duration prevalence."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.contract.query_spec import PrevalenceSpec
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.table_plan import Plan, shared

EARLIEST_YEAR = 1900
"""No window may open before it: no record of the catalogue can be older."""


@dataclass(frozen=True)
class PrevalencePlan(Plan):
    """Limited-duration prevalence, ready to be run.

    A person is counted in a group when the first diagnosis in it lies after `window_opens`
    and not after `index_date`.
    """

    index_date: date
    window_opens: date


def prevalence_plan(spec: PrevalenceSpec) -> PrevalencePlan:
    """The plan of a question; raises `QueryRefused` as `plan` says."""
    asked = spec.parameters
    if asked.index_date.year - asked.lookback_years < EARLIEST_YEAR:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    return PrevalencePlan(
        **shared(spec, analysis_template(spec.template)),
        index_date=asked.index_date,
        window_opens=_years_before(asked.index_date, asked.lookback_years),
    )


def _years_before(day: date, years: int) -> date:
    """The same day in an earlier year; 29 February becomes 28 February where there is none."""
    year = day.year - years
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))
