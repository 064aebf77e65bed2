"""What may leave: a table after disclosure control, and the record of what control did."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from linkage_engine.contract.value import FieldName, Sha256, ShortText, Slug, Value

TOTAL = "Total"
"""The label of a margin in any dimension."""

AT_RISK = "at_risk"
"""The part of a population that has time at risk; where it is counted, nothing is told of the time of few."""


class CellStatus(StrEnum):
    """Shorthand of the Government Statistical Service for a number that is not shown."""

    SHOWN = ""
    CONFIDENTIAL = "[c]"
    LOW = "[low]"
    """Nobody or few of those it is out of: a number that rounds to 0 or to too few, and need not be 0."""
    HIGH = "[high]"
    """All or nearly all of those it is out of."""
    NOT_APPLICABLE = "[z]"
    UNAVAILABLE = "[x]"


class Measure(Value):
    """One column of numbers."""

    name: FieldName
    title: ShortText
    unit: ShortText


class Span(Value):
    """Where the whole numbers of a variable lie on the scale that is told, from its start to its end."""

    levels: Annotated[int, Field(gt=0)]
    """The number at the end."""
    start: float = 0
    end: float = 100
    decimals: Annotated[int, Field(ge=0, le=6)] = 1

    def place(self, level: float) -> float:
        """A level as it is told."""
        return round(self.start + (self.end - self.start) * level / self.levels, self.decimals)

    def breadth(self, levels: float) -> float:
        """So many levels as they are told, wherever they lie."""
        return round(abs(self.end - self.start) * levels / self.levels, self.decimals)


class Statistic(StrEnum):
    """What a number is: by it disclosure control knows which rule holds.

    Some are told of exact cells, each by its rule; the others are computed from those after control
    (`linkage_engine/disclosure/statistics/`). Minimum and maximum are none.
    """

    POPULATION = "population"
    """The people a cell is about."""
    COUNT = "count"
    """Those of them in a part."""
    EVENTS = "events"
    """What happened to them, each time it happened."""
    EXPECTED = "expected"
    """What would have happened to as many people of the same age and sex."""
    PERCENT = "percent"
    PER_100_000 = "per_100_000"
    PERCENT_LOWER = "percent_lower"
    PERCENT_UPPER = "percent_upper"
    RATIO = "ratio"
    RATIO_LOWER = "ratio_lower"
    RATIO_UPPER = "ratio_upper"
    MEAN = "mean"
    """Of a variable over the population or a part of it."""
    SD = "sd"
    SUM = "sum"
    MEAN_LOWER = "mean_lower"
    MEAN_UPPER = "mean_upper"
    EXPECTED_MEAN = "expected_mean"
    """Of as many people of the same age and sex in a published population: the variable's norms."""
    MEAN_DIFFERENCE = "mean_difference"
    """The mean less the expected one."""
    MEAN_DIFFERENCE_LOWER = "mean_difference_lower"
    MEAN_DIFFERENCE_UPPER = "mean_difference_upper"
    QUANTILE = "quantile"
    """The centile `at` of a variable: 50 is the median."""
    PERSON_YEARS = "person_years"
    """The days that a variable counts, or without one those at risk, over the population, in years."""
    RATE = "rate"
    """Events per 1,000 person-years."""
    RATE_LOWER = "rate_lower"
    RATE_UPPER = "rate_upper"
    EXPECTED_RATE = "expected_rate"
    """Expected events per 1,000 person-years."""
    DIFFERENCE = "difference"
    """Events beyond the expected, per 1,000 person-years."""
    DIFFERENCE_LOWER = "difference_lower"
    DIFFERENCE_UPPER = "difference_upper"
    AT_RISK = "at_risk"
    """People in view on day `at` to whom the event has not happened; the variable is everybody's last day."""
    SURVIVAL = "survival"
    """Kaplan and Meier's percentage to whom the event has not happened by day `at`."""
    INCIDENCE = "incidence"
    """The percentage to whom it has, where the event of the part `competing` prevents it for good."""
    TOGETHER = "together"
    """People in one part or in another (`besides`) that has none of the first."""
    SHARE_OF_TWO = "share_of_two"
    """The percentage of those together who are in the first part."""
    SHARE_OF_TWO_LOWER = "share_of_two_lower"
    SHARE_OF_TWO_UPPER = "share_of_two_upper"
    SHARE_OF_PART = "share_of_part"
    """The percentage of those in a part (`within`) who are in one of its own parts."""
    SHARE_OF_PART_LOWER = "share_of_part_lower"
    SHARE_OF_PART_UPPER = "share_of_part_upper"
    SIZE_RATIO = "size_ratio"
    """Of two lists that share the first part, with `besides` and `third` alone: how large the second is."""
    CHAPMAN = "chapman"
    """How many people there are by two such lists, capture and recapture."""
    CHAPMAN_LOWER = "chapman_lower"
    CHAPMAN_UPPER = "chapman_upper"
    ESTIMATE = "estimate"
    """A coefficient of a model, of the people at a level of a factor."""
    STANDARD_ERROR = "standard_error"
    ESTIMATE_LOWER = "estimate_lower"
    ESTIMATE_UPPER = "estimate_upper"


_PART, _VARIABLE, _AT, _COMPETING = "part", "variable", "at", "competing"
_OF_PART = frozenset({_PART})
_OF_VALUES = frozenset({_PART, _VARIABLE})
_CURVE = frozenset({_PART, _VARIABLE, _AT, _COMPETING})
_OF_VARIABLE = frozenset({_VARIABLE})
_BESIDES, _THIRD, _WITHIN = "besides", "third", "within"
_OF_TWO = frozenset({_PART, _BESIDES})
_OF_LISTS = _OF_TWO | {_THIRD}
_OF_WHOLE = frozenset({_PART, _WITHIN})

ABOUT: Mapping[Statistic, frozenset[str]] = {
    Statistic.POPULATION: frozenset(),
    Statistic.COUNT: _OF_PART,
    Statistic.EVENTS: _OF_PART,
    Statistic.EXPECTED: _OF_PART,
    Statistic.PERCENT: _OF_PART,
    Statistic.PER_100_000: _OF_PART,
    Statistic.PERCENT_LOWER: _OF_PART,
    Statistic.PERCENT_UPPER: _OF_PART,
    Statistic.RATIO: _OF_PART,
    Statistic.RATIO_LOWER: _OF_PART,
    Statistic.RATIO_UPPER: _OF_PART,
    Statistic.MEAN: _OF_VALUES,
    Statistic.SD: _OF_VALUES,
    Statistic.SUM: _OF_VALUES,
    Statistic.MEAN_LOWER: _OF_VALUES,
    Statistic.MEAN_UPPER: _OF_VALUES,
    Statistic.EXPECTED_MEAN: _OF_VALUES,
    Statistic.MEAN_DIFFERENCE: _OF_VALUES,
    Statistic.MEAN_DIFFERENCE_LOWER: _OF_VALUES,
    Statistic.MEAN_DIFFERENCE_UPPER: _OF_VALUES,
    Statistic.QUANTILE: _OF_VALUES | {_AT},
    Statistic.PERSON_YEARS: _OF_VARIABLE,
    Statistic.RATE: _OF_VALUES,
    Statistic.RATE_LOWER: _OF_VALUES,
    Statistic.RATE_UPPER: _OF_VALUES,
    Statistic.EXPECTED_RATE: _OF_VALUES,
    Statistic.DIFFERENCE: _OF_VALUES,
    Statistic.DIFFERENCE_LOWER: _OF_VALUES,
    Statistic.DIFFERENCE_UPPER: _OF_VALUES,
    Statistic.AT_RISK: _CURVE,
    Statistic.SURVIVAL: _CURVE - {_COMPETING},
    Statistic.INCIDENCE: _CURVE,
    Statistic.TOGETHER: _OF_TWO,
    Statistic.SHARE_OF_TWO: _OF_TWO,
    Statistic.SHARE_OF_TWO_LOWER: _OF_TWO,
    Statistic.SHARE_OF_TWO_UPPER: _OF_TWO,
    Statistic.SHARE_OF_PART: _OF_WHOLE,
    Statistic.SHARE_OF_PART_LOWER: _OF_WHOLE,
    Statistic.SHARE_OF_PART_UPPER: _OF_WHOLE,
    Statistic.SIZE_RATIO: _OF_LISTS,
    Statistic.CHAPMAN: _OF_LISTS,
    Statistic.CHAPMAN_LOWER: _OF_LISTS,
    Statistic.CHAPMAN_UPPER: _OF_LISTS,
    Statistic.ESTIMATE: _OF_VARIABLE,
    Statistic.STANDARD_ERROR: _OF_VARIABLE,
    Statistic.ESTIMATE_LOWER: _OF_VARIABLE,
    Statistic.ESTIMATE_UPPER: _OF_VARIABLE,
}
"""What a number is about besides the cell: each statistic's own words."""

OF_MODELS = frozenset(
    {Statistic.ESTIMATE, Statistic.STANDARD_ERROR, Statistic.ESTIMATE_LOWER, Statistic.ESTIMATE_UPPER}
)
"""Statistics whose variable is an estimate of a model."""

_MAY_LACK: Mapping[Statistic, frozenset[str]] = {
    Statistic.PERSON_YEARS: _OF_VARIABLE,
    Statistic.RATE: _OF_VARIABLE,
    Statistic.RATE_LOWER: _OF_VARIABLE,
    Statistic.RATE_UPPER: _OF_VARIABLE,
    Statistic.EXPECTED_RATE: _OF_VARIABLE,
    Statistic.DIFFERENCE: _OF_VARIABLE,
    Statistic.DIFFERENCE_LOWER: _OF_VARIABLE,
    Statistic.DIFFERENCE_UPPER: _OF_VARIABLE,
    Statistic.MEAN: _OF_PART,
    Statistic.SD: _OF_PART,
    Statistic.SUM: _OF_PART,
    Statistic.MEAN_LOWER: _OF_PART,
    Statistic.MEAN_UPPER: _OF_PART,
    Statistic.EXPECTED_MEAN: _OF_PART,
    Statistic.MEAN_DIFFERENCE: _OF_PART,
    Statistic.MEAN_DIFFERENCE_LOWER: _OF_PART,
    Statistic.MEAN_DIFFERENCE_UPPER: _OF_PART,
    Statistic.QUANTILE: _OF_PART,
    Statistic.AT_RISK: frozenset({_COMPETING}),
    Statistic.INCIDENCE: frozenset({_COMPETING}),
}
"""A mean without a part is that of the whole population; nothing need compete with an event.

Time without a variable is that at risk in all strata of those compared with.
"""

ON_A_SCALE = frozenset({Statistic.MEAN, Statistic.SD, Statistic.EXPECTED_MEAN})
"""Statistics that may be told on another scale than their variable's, and of no fewer people than so many."""


def norms_of(variable: str) -> str:
    """The name of what people of everybody's age and sex have of a variable in a published population."""
    return f"{variable}_norm"


LAST_CENTILE = 99
"""Minimum and maximum are people's own values."""


class PlannedMeasure(Measure):
    """A column before there are numbers: which statistic, of which part of the population.

    A statistic with more or less than it is about (`ABOUT`) is refused, as is a centile that is none.
    """

    statistic: Statistic
    part: FieldName | None = None
    """Nothing for the population itself."""
    variable: FieldName | None = None
    """What everybody of the population has a whole number of, from 0 up; of a model, which estimate."""
    at: Annotated[int, Field(ge=1)] | None = None
    """The centile of a quantile; the day of a curve."""
    competing: FieldName | None = None
    """The part of those to whom something happened that prevents the event."""
    besides: FieldName | None = None
    """A part that has none of the first."""
    third: FieldName | None = None
    """A part that has none of the other two."""
    within: FieldName | None = None
    """A part that has everybody of the first."""
    is_ordinary: bool = False
    """Whether being in the part says nothing sensitive: then it may be told that nearly all are."""
    span: Span | None = None
    """The scale on which a mean is told; nothing for that of the variable itself."""
    people_min: Annotated[int, Field(ge=1)] | None = None
    """Of no fewer people is a mean told, also where a policy would."""

    @model_validator(mode="after")
    def _is_about_what_its_statistic_is(self) -> Self:
        named = (_PART, _VARIABLE, _AT, _COMPETING, _BESIDES, _THIRD, _WITHIN)
        said = {name for name in named if getattr(self, name) is not None}
        about = ABOUT[self.statistic]
        if not about - _MAY_LACK.get(self.statistic, frozenset()) <= said <= about:
            raise ValueError
        if self.statistic not in ON_A_SCALE and (self.span, self.people_min) != (None, None):
            raise ValueError
        if self.statistic is Statistic.QUANTILE and (self.at or 0) > LAST_CENTILE:
            raise ValueError
        return self

    @property
    def published(self) -> Measure:
        """The measure as a controlled table names it."""
        return Measure(name=self.name, title=self.title, unit=self.unit)


class ControlledValue(Value):
    """One number after control; withheld numbers are absent and say why."""

    value: float | None
    status: CellStatus = CellStatus.SHOWN


class ControlledRow(Value):
    """One cell: a label for each dimension (or `Total`), a number for each measure."""

    labels: tuple[str, ...]
    values: tuple[ControlledValue, ...]


class RuleFired(Value):
    """How many cells one rule touched."""

    rule: FieldName
    action: Literal["hidden", "banded", "rounded", "exact", "perturbed", "randomised", "recomputed"]
    cells: int


class Noise(Value):
    """What was added to every count that is told, and what that cost of the project's budget."""

    mechanism: Literal["cell_key", "discrete_laplace"]
    standard_deviation: float
    max_deviation: int | None = None
    """Nothing where there is no largest."""
    epsilon: float | None = None
    """The loss of privacy of this table; nothing where the noise is the same for the same people."""
    epsilon_spent: float | None = None
    """Of the project, with this table."""
    epsilon_total: float | None = None
    contributions: int | None = None
    """In how many of the counts one person is counted at most."""
    labels_per_person: int | None = None
    """How many labels of a breakdown that allows several a person counts in, drawn where there are more."""


class DisclosureRecord(Value):
    """What control did to a table; no number from before control is in it."""

    record: Literal[1] = 1
    policy: Slug
    policy_version: int
    policy_sha256: Sha256
    threshold: int
    effective_threshold: int
    rounding: FieldName
    margins: Literal["independent"]
    cells: int
    cells_hidden: int
    cells_banded: int
    """Cells with `[low]` or `[high]`."""
    rules: tuple[RuleFired, ...]
    specification_sha256: Sha256
    data_version: str
    history_audited: bool
    """Whether the table was audited against the project's earlier releases."""
    noise: Noise | None = None
    """Nothing where counts are rounded or exact."""


class BudgetUsed(Value):
    """How much of what a policy allows to be learnt all told tables of a project use up, coarsely.

    Percent of the limit, up to the next ten, so that it says nothing of the size of a set; nothing
    where it could not be measured.
    """

    limit: float
    """The largest share of one yes or no about a person that may be learnt."""
    used_percent: int | None


class HistoryRecord(Value):
    """What an audit against the project's earlier tables came to, as readers of a release may know it."""

    tables_before: int
    leverage_mean: BudgetUsed
    """Over everybody about whom anything was told."""
    leverage_top1: BudgetUsed
    """Over the hundredth of them of whom most was told."""
    over_budget: bool


class PublishedRecord(DisclosureRecord):
    """The record of a release: what control did to its table, and what the project's history came to."""

    history: HistoryRecord


class ControlledTable(Value):
    """A table that disclosure control made; nothing else may be released."""

    title: ShortText
    template: FieldName
    dimensions: tuple[FieldName, ...]
    measures: tuple[Measure, ...]
    rows: tuple[ControlledRow, ...]
    record: DisclosureRecord
