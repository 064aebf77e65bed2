"""Which charts a released table makes: by what its numbers are, one for each part of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from linkage_engine.catalogue.analysis_templates import planned_measures
from linkage_engine.contract.controlled_table import ControlledRow, PlannedMeasure, Statistic
from linkage_engine.contract.query_spec import Breakdown
from service.publication.chart import Chart, Figure, Form, Mark
from service.publication.funnel import funnels
from service.publication.released import Released
from service.publication.submissions import submitted
from service.publication.words import EVERYBODY, heading, in_digits, rows_along


@dataclass(frozen=True)
class Rule:
    """Numbers of one kind, and how they are drawn."""

    value: Statistic
    form: Form
    lower: Statistic | None = None
    upper: Statistic | None = None
    comparator: Statistic | None = None
    line: float | None = None

    @property
    def statistics(self) -> tuple[Statistic | None, ...]:
        """Of the four figures of a mark, in their order."""
        return (self.value, self.lower, self.upper, self.comparator)


ALONG_TIME = Rule(
    Statistic.RATE,
    Form.LINES,
    Statistic.RATE_LOWER,
    Statistic.RATE_UPPER,
    comparator=Statistic.EXPECTED_RATE,
)
RULES = (
    Rule(
        Statistic.DIFFERENCE,
        Form.INTERVALS,
        Statistic.DIFFERENCE_LOWER,
        Statistic.DIFFERENCE_UPPER,
        line=0.0,
    ),
    Rule(Statistic.RATIO, Form.INTERVALS, Statistic.RATIO_LOWER, Statistic.RATIO_UPPER, line=1.0),
    Rule(Statistic.INCIDENCE, Form.BARS),
    Rule(
        Statistic.MEAN,
        Form.INTERVALS,
        Statistic.MEAN_LOWER,
        Statistic.MEAN_UPPER,
        comparator=Statistic.EXPECTED_MEAN,
    ),
    Rule(Statistic.PERCENT, Form.BARS, Statistic.PERCENT_LOWER, Statistic.PERCENT_UPPER),
    Rule(Statistic.SHARE_OF_TWO, Form.BARS, Statistic.SHARE_OF_TWO_LOWER, Statistic.SHARE_OF_TWO_UPPER),
    Rule(Statistic.SHARE_OF_PART, Form.BARS, Statistic.SHARE_OF_PART_LOWER, Statistic.SHARE_OF_PART_UPPER),
)
"""The first whose number a part of the table has is drawn."""
COMPARATOR = "People of the same age and sex"


@dataclass(frozen=True)
class Pair:
    """Two percentages that a template is about, drawn as a dumbbell for each breakdown."""

    of: str
    name: str
    measures: tuple[str, str]
    titles: tuple[str, str]


PAIRS = {
    "linkage_quality": Pair(
        "Percentage linked",
        "linked",
        ("linked_strict_percent", "linked_lenient_percent"),
        ("By the strict link id", "By the lenient link id"),
    ),
    "register_completeness": Pair(
        "Percentage who are in the other list too",
        "completeness",
        ("completeness", "confirmed"),
        ("Of those in the registry", "Of those on a practice's register"),
    ),
}
"""By the name of the template."""


def charts(released: Released) -> tuple[Chart, ...]:
    """The charts of a release; none of a table without breakdowns, or whose columns are others by now.

    Along periods where it has them, else along its first breakdown: a chart for each part. Along periods
    one more for each label of its first other breakdown, all on one scale (small multiples). By area or
    trust a funnel for each percentage besides. Of a linkage, and of registers, a dumbbell for each breakdown.
    """
    table, planned = released.table, planned_measures(released.asked)
    if not table.dimensions or {m.name for m in planned} != {m.name for m in table.measures}:
        return ()
    if table.template in PAIRS:
        return tuple(_dumbbells(released, PAIRS[table.template]))
    periods = Breakdown.PERIOD.value
    along = periods if periods in table.dimensions else table.dimensions[0]
    if along == periods:
        whole = _of_parts(released, planned, along, (ALONG_TIME,))
        return (*whole, *_small_multiples(released, planned, along))
    return (*_of_parts(released, planned, along, RULES), *funnels(released, planned))


def _of_parts(
    released: Released,
    planned: tuple[PlannedMeasure, ...],
    along: str,
    rules: tuple[Rule, ...],
    among: Mapping[str, str] = EVERYBODY,
) -> Iterator[Chart]:
    rows = rows_along(released, along, among)
    for part in dict.fromkeys(measure.part for measure in planned):
        # Of several numbers of one kind, the last: the latest day of a curve.
        of_part = {measure.statistic: measure for measure in planned if measure.part == part}
        rule = next((rule for rule in rules if rule.value in of_part), None)
        if rule is not None and rows:
            yield _chart(released, rule, of_part, (along, rows))


def _small_multiples(released: Released, planned: tuple[PlannedMeasure, ...], along: str) -> Iterator[Chart]:
    other = next((each for each in released.table.dimensions if each != along), None)
    labels = [] if other is None else [label for label, _ in rows_along(released, other)]
    drawn = [
        (label, chart)
        for label in labels
        for chart in _of_parts(released, planned, along, (ALONG_TIME,), {str(other): label})
        if chart.numbers
    ]
    for place, (label, chart) in enumerate(drawn):
        beside = [each.numbers for _, each in drawn if each.value_title == chart.value_title]
        yield replace(
            chart,
            name=f"{chart.name}-{place}",
            title=f"{chart.title}: {label}",
            beside=tuple(chain.from_iterable(beside)),
        )


def _chart(
    released: Released,
    rule: Rule,
    of_part: Mapping[Statistic, PlannedMeasure],
    along: tuple[str, tuple[tuple[str, ControlledRow], ...]],
) -> Chart:
    dimension, rows = along
    value = of_part[rule.value]
    drawn = [each and of_part.get(each) for each in rule.statistics]
    names = [each.name if each else None for each in drawn]
    marks = []
    for label, row in rows:
        mark = _mark(label, _figures(released, row, names))
        said = submitted(mark.value, row, planned_measures(released.asked), value.part)
        marks.append(replace(mark, value=said))
    return Chart(
        name=f"chart-{value.name}".replace("_", "-"),
        title=f"{value.title}, by {heading(dimension).lower()}",
        form=rule.form,
        along=heading(dimension),
        value_title=value.title,
        comparator_title=None if names[3] is None else COMPARATOR,
        marks=tuple(marks),
        line=rule.line,
    )


def _dumbbells(released: Released, pair: Pair) -> Iterator[Chart]:
    for dimension in released.table.dimensions:
        names = [pair.measures[0], None, None, pair.measures[1]]
        marks = [
            _mark(label, _figures(released, row, names)) for label, row in rows_along(released, dimension)
        ]
        told = [mark for mark in marks if mark.value.value is not None]
        if told:
            yield Chart(
                name=f"chart-{pair.name}-{dimension}".replace("_", "-"),
                title=f"{pair.of}, by {heading(dimension).lower()}",
                form=Form.DUMBBELL,
                along=heading(dimension),
                value_title=pair.titles[0],
                comparator_title=pair.titles[1],
                marks=tuple(marks),
            )


def _mark(label: str, figures: list[Figure | None]) -> Mark:
    value, lower, upper, comparator = figures
    assert value is not None  # its measure chose the rule
    return Mark(label, value, lower, upper, comparator)


def _figures(released: Released, row: ControlledRow, names: list[str | None]) -> list[Figure | None]:
    """The figures of a row by the names of measures; nothing for no name."""
    numbers = zip(released.table.measures, row.values, strict=True)
    held = {m.name: Figure(value.value, in_digits(value, m)) for m, value in numbers}
    return [None if name is None else held[name] for name in names]
