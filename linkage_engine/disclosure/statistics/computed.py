"""Numbers made of told numbers: anybody can make them again, and they say no more than those do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from linkage_engine.contract.controlled_table import (
    ABOUT,
    CellStatus,
    ControlledValue,
    PlannedMeasure,
    Statistic,
)
from linkage_engine.disclosure.figures import BANDS, CONFIDENTIAL, UNAVAILABLE

Key = tuple[Statistic, tuple[str | int | None, ...]]
"""What a number is of: two measures with one key are one number."""


def key_of(statistic: Statistic, measure: PlannedMeasure) -> Key:
    """The key of a statistic of whatever a measure is about."""
    about = ABOUT[statistic]
    named = {
        "part": measure.part,
        "variable": measure.variable,
        "at": measure.at,
        "competing": measure.competing,
        "besides": measure.besides,
        "third": measure.third,
        "within": measure.within,
    }
    return statistic, tuple(said if name in about else None for name, said in named.items())


class Other(StrEnum):
    """People in another part than the first that a measure names."""

    BESIDES = "besides"
    THIRD = "third"
    WITHIN = "within"


def _source(made_of: Statistic | Other | None, measure: PlannedMeasure) -> Key:
    if isinstance(made_of, Other):
        counted = measure.model_copy(update={"part": getattr(measure, made_of)})
        return key_of(Statistic.COUNT, counted)
    people = Statistic.POPULATION if measure.part is None else Statistic.COUNT
    return key_of(made_of or people, measure)


def first_band(*statuses: CellStatus) -> CellStatus:
    """The first of some numbers that is a band says what is made of them."""
    return next(status for status in statuses if status in BANDS)


@dataclass(frozen=True)
class Computed:
    """A number made of others, of which the last is not nothing."""

    made_of: tuple[Statistic | Other | None, ...]
    """Nothing for the people whom the first is of: those in its part, or all."""
    of: Callable[..., float]
    banded: Callable[..., CellStatus] = first_band
    """What stands where one of the others is a band, by what stands for each of them."""

    def sources(self, measure: PlannedMeasure) -> tuple[Key, ...]:
        """The numbers that it is made of."""
        return tuple(_source(each, measure) for each in self.made_of)

    def value(self, *told: ControlledValue) -> ControlledValue:
        """The number, or why there is none: a band where one of the others is a band."""
        statuses = [each.status for each in told]
        if CellStatus.CONFIDENTIAL in statuses:
            return CONFIDENTIAL
        if BANDS & set(statuses):
            return ControlledValue(value=None, status=self.banded(*statuses))
        numbers = [each.value for each in told if each.value is not None]
        if len(numbers) < len(told) or not numbers[-1]:
            return UNAVAILABLE
        return ControlledValue(value=self.of(*numbers))


def share(count: float, population: float, *, per: int, decimals: int) -> float:
    """So many of each `per`, halves up; in whole numbers throughout, so that anybody gets the same."""
    scale: int = 10**decimals
    return (2 * int(count) * per * scale + int(population)) // (2 * int(population)) / scale
