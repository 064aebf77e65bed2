"""What a question asks of days that the data do not have, or puts together: said, and not refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.query_spec import (
    AroundDiagnosisSpecification,
    ExcessSpec,
    PrevalenceSpec,
    QuerySpec,
)
from linkage_engine.query.around_diagnosis.windows import periods


@dataclass(frozen=True, slots=True)
class Held:
    """From which day on data are held, and the first day that they know nothing of."""

    diagnoses_from: date
    events_from: date
    until: date


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know of an answer before it is asked for: a code, what it means, what to do."""

    code: str
    says: str
    remedy: str


def remarks(asked: QuerySpec, held: Held) -> Iterator[Remark]:
    """Everything that the days of a question suggest, in the order of the days."""
    if isinstance(asked, PrevalenceSpec):
        yield from _of_prevalence(asked, held)
    if isinstance(asked, AroundDiagnosisSpecification):
        yield from _of_windows(asked, held)
    if isinstance(asked, ExcessSpec) and asked.parameters.from_month < 0 < asked.parameters.to_month:
        yield Remark(
            "windows-overlap",
            "One window has months before the diagnosis and months after it: its rate is neither's.",
            "Ask for two windows, one up to month 0 and one from it, or for a trajectory.",
        )


def remark_on(evidence: Evidence) -> Iterator[Remark]:
    """That nobody is counted, where that is so."""
    for row, exact in zip(evidence.table.rows, evidence.exact, strict=True):
        if set(row.labels) <= {TOTAL} and not exact[0]:
            yield Remark(
                "empty-cohort",
                "Nobody among the synthetic people is whom the question is about.",
                "Look at its dates and tumour groups; try it with more --people, or a wider period.",
            )


def _of_prevalence(asked: PrevalenceSpec, held: Held) -> Iterator[Remark]:
    day, years = asked.parameters.index_date, asked.parameters.lookback_years
    if (day.year - years, day.month, day.day) < (
        held.diagnoses_from.year,
        held.diagnoses_from.month,
        held.diagnoses_from.day,
    ):
        yield Remark(
            "before-the-data-begin",
            f"The years looked back over begin before diagnoses are held, on {held.diagnoses_from}.",
            f"Take a later index_date, or lookback_years up to {day.year - held.diagnoses_from.year - 1}.",
        )
    if day > held.until:
        yield Remark(
            "after-the-data-end",
            f"The index date is after the data end, on {held.until}: later deaths and moves are not known.",
            f"Take an index_date up to {held.until}.",
        )


def _of_windows(asked: AroundDiagnosisSpecification, held: Held) -> Iterator[Remark]:
    said, whole = asked.parameters, periods(asked)[-1]
    if said.diagnosed_from + timedelta(days=whole.from_day) < held.events_from:
        first = held.events_from - timedelta(days=whole.from_day)
        yield Remark(
            "before-the-data-begin",
            f"Windows open before events are held, on {held.events_from}: days without data look quiet.",
            f"Let diagnosed_from be {first} or later.",
        )
    if said.diagnosed_to + timedelta(days=whole.to_day) > held.until:
        last = held.until - timedelta(days=whole.to_day)
        yield Remark(
            "follow-up-past-the-data",
            f"Windows close after the data end, on {held.until}: the last cases are followed for less time.",
            f"Let diagnosed_to be {last} or earlier.",
        )
