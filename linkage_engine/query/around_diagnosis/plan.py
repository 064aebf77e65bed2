"""The plan of a question about people around their first diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from linkage_engine.catalogue.analysis_templates import AroundDiagnosisTemplate, around_diagnosis_template
from linkage_engine.catalogue.areas import Area
from linkage_engine.catalogue.events import events
from linkage_engine.contract.query_spec import (
    AdmissionsParameters,
    AroundDiagnosisSpecification,
    EventKind,
)
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.around_diagnosis.windows import Period, periods
from linkage_engine.query.table_plan import Plan, areas_asked, shared


@dataclass(frozen=True)
class AroundDiagnosisPlan(Plan):
    """Events in periods around a diagnosis against others of the same age and sex, ready to be run.

    Days at risk lie before `data_end`; those compared with are at risk from `span_start` up to, not
    including, `span_end`.
    """

    template: AroundDiagnosisTemplate
    diagnosed_from: date
    diagnosed_to: date
    periods: tuple[Period, ...]
    """The last is all of them together."""
    data_end: date
    kinds: tuple[EventKind, ...]
    parts: tuple[str, ...]
    """The kinds of events by name, before them those at risk where they are counted."""
    admission_methods: tuple[str, ...]
    areas: tuple[Area, ...]
    """The areas asked for."""

    @property
    def is_of_first_events(self) -> bool:
        """Whether the first event of each person is asked for, and not all of them in a time."""
        return not self.template.reference_ages

    @property
    def span_start(self) -> date:
        """The first day that is anybody's day at risk."""
        return self.diagnosed_from + timedelta(days=self.periods[-1].from_day)

    @property
    def span_end(self) -> date:
        """The first day on which nobody is at risk any more."""
        return min(self.data_end, self.diagnosed_to + timedelta(days=self.periods[-1].to_day))

    @property
    def strata(self) -> tuple[tuple[str, int], ...]:
        """Sex and youngest age of every stratum, in the order of every tally."""
        sexes = (sex.label for sex in self.template.sexes)
        return tuple(product(sexes, self.template.reference_ages))


def around_diagnosis_plan(spec: AroundDiagnosisSpecification, data_end: date | None) -> AroundDiagnosisPlan:
    """The plan of a question; raises `QueryRefused` as `plan` says."""
    asked, template = spec.parameters, around_diagnosis_template(spec.template)
    shown_areas = areas_asked(asked.areas, spec.breakdowns)
    methods = events().methods(asked.admission_methods if isinstance(asked, AdmissionsParameters) else "all")
    if methods is None:
        raise QueryRefused(RefusalCode.SPECIFICATION_INVALID)
    spans = periods(spec)
    begins = asked.diagnosed_from + timedelta(days=max(0, spans[-1].from_day))
    if data_end is None or data_end <= begins:
        raise QueryRefused(RefusalCode.NO_LINKED_DATA)
    return AroundDiagnosisPlan(
        **shared(spec, template, shown_areas=shown_areas, period=tuple(each.label for each in spans[:-1])),
        diagnosed_from=asked.diagnosed_from,
        diagnosed_to=asked.diagnosed_to,
        periods=spans,
        data_end=data_end,
        kinds=asked.events,
        parts=spec.parts,
        admission_methods=methods.codes,
        areas=shown_areas,
    )
