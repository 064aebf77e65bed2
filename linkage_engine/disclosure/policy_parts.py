"""The parts of a policy: each rule's figures as values; a key they do not know is refused."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from linkage_engine.contract.statements import APPROVALS_NEEDED
from linkage_engine.contract.value import Value
from linkage_engine.disclosure.cellkey.distribution import can_vary, deviations

Share = Annotated[float, Field(gt=0, le=1)]
"""A part of a whole."""
Few = Annotated[int, Field(ge=1, le=1000)]
"""A number of people, events or degrees of freedom."""
Epsilon = Annotated[float, Field(ge=0.000001, le=10, allow_inf_nan=False)]
"""A loss of privacy: the natural logarithm of how much likelier one person can make any answer."""
Symbol = Annotated[str, Field(min_length=1, max_length=8)]
"""What stands for a number that is not told."""


class Zeros(Value):
    """What becomes of a count of nobody."""

    structural: Literal["show"] = "show"
    """Nobody can be in the cell: it is shown as not applicable."""
    sampling: Literal["show", "suppress"] = "suppress"
    """Nobody happens to be in the cell."""


class Threshold(Value):
    """The smallest number of units that may be told apart: 0 and 1 would protect nobody."""

    persons: Annotated[int, Field(ge=2, le=1000)]
    complement: bool = True
    """Whether those not counted are protected as well: all but two says who the two are."""
    zero: Zeros = Zeros()


class Counts(Value):
    """How counts are made safe: rounded each on its own, or exact with cells hidden, or with noise."""

    mechanism: Literal["round", "suppress", "cellkey", "dp"]
    method: Literal["midpoint6", "nearest5", "none"] = "none"
    """Of rounding; beside another mechanism it says nothing and is `none`."""
    margins: Literal["independent"] = "independent"
    """Every cell is decided as itself: no margin is recomputed from what is shown."""

    @field_validator("method", mode="after")
    @classmethod
    def _only_where_rounded(cls, method: str, about: ValidationInfo) -> str:
        return method if about.data.get("mechanism") == "round" else "none"

    @model_validator(mode="after")
    def _rounds_somehow(self) -> Self:
        if self.mechanism == "round" and self.method == "none":
            raise ValueError
        return self


class CellKey(Value):
    """The noise that counts get by cell keys, beside another mechanism without meaning."""

    variance: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 3.0
    max_deviation: Annotated[int, Field(ge=1, le=100)] = 5
    never_shown: Annotated[int, Field(ge=0, le=100)] = 0
    """No count is perturbed to one of 1 to this."""

    @model_validator(mode="after")
    def _can_be_had(self) -> Self:
        for count in range(1, self.max_deviation + self.never_shown + 2):
            allowed = deviations(count, max_deviation=self.max_deviation, never_shown=self.never_shown)
            if not can_vary(allowed, self.variance):
                raise ValueError
        return self


class Magnitude(Value):
    """Concentration of sums: who gives most of a total can be worked out from it by the others."""

    nk: tuple[tuple[Annotated[int, Field(ge=1, le=100)], Share], ...] = ((1, 0.80), (2, 0.90))
    """The n largest contributors give at most so much of the total; every line holds."""
    p_percent: Annotated[float, Field(ge=0, le=100)] = 10
    """How closely, in percent, the second largest may know the largest at best; 0 is no such rule."""

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if len({n for n, _ in self.nk}) != len(self.nk):
            raise ValueError
        return self


class GroupDisclosure(Value):
    """When nearly all of a group are of one category, whoever knows a member knows the category."""

    max_category_share: Share = 0.95
    """Of a larger share only the band is told; 1 is no such rule."""


class Quantiles(Value):
    """A quantile is somebody's value unless enough people stand on either side."""

    each_side_min: Few = 10
    round_to: Literal["unit"] = "unit"


class Models(Value):
    """A model with as many coefficients as people is their data."""

    min_residual_dof: Few = 10
    min_per_level: Few = 10


class Survival(Value):
    """A curve's steps are people's dates unless several happen at once."""

    at_risk_min: Few = 10
    step_min_events: Few = 5
    grid_days: Annotated[int, Field(ge=1, le=3660)] = 30


class History(Value):
    """What counts together with everything released before."""

    scope: Literal["project"] = "project"
    method: Literal["greedy_admission"] = "greedy_admission"
    min_difference: Few = 10
    leverage_mean: Share = 0.10
    leverage_top1: Share = 0.5
    over_budget: Literal["checker", "refuse"] = "checker"
    on_undecided: Literal["refuse"] = "refuse"


class DifferentialPrivacy(Value):
    """The loss of privacy that all noisy releases together may cost."""

    enabled: bool = False
    epsilon_total: Epsilon = 1.0
    epsilon_per_question: Epsilon = 0.25
    """What one question takes of it, whatever it asks: finer breakdowns get more noise."""
    labels_per_person: Annotated[int, Field(ge=1, le=60)] = 2
    """In how many labels of a breakdown a person counts who has several, such as tumour groups."""

    @model_validator(mode="after")
    def _one_question_at_least(self) -> Self:
        if self.epsilon_per_question > self.epsilon_total:
            raise ValueError
        return self


class ReleaseRule(Value):
    """Who must agree before a controlled table leaves."""

    checkers: Annotated[int, Field(ge=APPROVALS_NEEDED, le=APPROVALS_NEEDED)] = APPROVALS_NEEDED
    """What the api and the gate hold to; a policy that asks for another number is refused, not ignored."""
    requester_cannot_check: Literal[True] = True
    sign: Literal["ed25519"] = "ed25519"


class Symbols(Value):
    """What stands where a number is not told; no two mean the same."""

    confidential: Symbol = "[c]"
    low: Symbol = "[low]"
    high: Symbol = "[high]"
    not_applicable: Symbol = "[z]"
    unavailable: Symbol = "[x]"

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if len(set(vars(self).values())) < len(type(self).model_fields):
            raise ValueError
        return self
