"""A chart as a value: marks with their numbers, and what somebody who does not see it is told."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import chain


class Form(StrEnum):
    """How the marks of a chart are drawn."""

    BARS = "bars"
    """From nought; numbers that are not shown stand as shorthand in the place of a bar."""
    INTERVALS = "intervals"
    """A point with its limits, beside the line of what is compared with."""
    DUMBBELL = "dumbbell"
    """Two points joined: the nearer, the more alike."""
    LINES = "lines"
    """Along time, beside those compared with; a line breaks where a number is not shown."""


@dataclass(frozen=True)
class Figure:
    """One number, or the shorthand for why there is none."""

    value: float | None
    text: str


@dataclass(frozen=True)
class Mark:
    """What is drawn at one label: the first figure, its limits, and what it is compared with."""

    label: str
    value: Figure
    lower: Figure | None = None
    upper: Figure | None = None
    comparator: Figure | None = None

    @property
    def figures(self) -> tuple[Figure | None, ...]:
        """All that is drawn."""
        return (self.value, self.lower, self.upper, self.comparator)


@dataclass(frozen=True)
class Chart:
    """One chart; its data table holds every number that is drawn."""

    name: str
    """An id of the page: letters, digits and hyphens."""
    title: str
    form: Form
    along: str
    """What the labels are."""
    value_title: str
    comparator_title: str | None
    marks: tuple[Mark, ...]
    line: float | None = None
    """What is compared with, where that is one number for all."""
    beside: tuple[float, ...] = ()
    """Numbers of charts that it is read beside: all have one scale."""

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of the data table's columns of numbers."""
        limits = ("From (95 %)", "To (95 %)") if self.marks[0].lower else ()
        other = (self.comparator_title,) if self.comparator_title else ()
        return (self.value_title, *limits, *other)

    @property
    def numbers(self) -> tuple[float, ...]:
        """Every number of the marks."""
        drawn = chain.from_iterable(mark.figures for mark in self.marks)
        return tuple(each.value for each in drawn if each is not None and each.value is not None)

    @property
    def scale(self) -> tuple[float, ...]:
        """Round numbers that enclose all that is drawn, and what charts beside it draw."""
        return ticks((*self.numbers, *self.beside, *(() if self.line is None else (self.line,))))

    @property
    def says(self) -> str:
        """The chart in words: its form, its ends, and how much of it is not shown."""
        told = [
            (mark.value.value, mark.value.text, mark.label)
            for mark in self.marks
            if mark.value.value is not None
        ]
        hidden = len(self.marks) - len(told)
        parts = [_FORMS[self.form].format(value=self.value_title, other=self.comparator_title)]
        if told:
            highest, lowest = (end(told, key=lambda each: each[0]) for end in (max, min))
            parts.append(f"Highest: {highest[1]} ({highest[2]}); lowest: {lowest[1]} ({lowest[2]}).")
        if hidden:
            parts.append(f"Not shown: {hidden} of {len(self.marks)}.")
        return " ".join(parts)


_FORMS = {
    Form.BARS: "Bars from nought. {value}.",
    Form.INTERVALS: "Points with their limits at 95 %. {value}.",
    Form.DUMBBELL: "Pairs of points joined by a line. {value}, beside: {other}.",
    Form.LINES: "Lines along time. {value}, beside: {other}.",
}


def ticks(numbers: tuple[float, ...]) -> tuple[float, ...]:
    """Some round numbers, nought among them or at an end, that enclose some numbers.

    Steps are 1, 2 or 5 times a power of ten.
    """
    low, high = min((0.0, *numbers)), max((0.0, *numbers)) if any(numbers) else 1.0
    span = Decimal(repr(high - low))
    power = Decimal(10) ** (span.adjusted() - 1)
    step = next(power * each for each in (1, 2, 5, 10, 20, 50) if span / (power * each) <= MOST_STEPS)
    first, last = (int(Decimal(repr(end)) / step) for end in (low, high))
    first -= Decimal(repr(low)) < first * step
    last += Decimal(repr(high)) > last * step
    return tuple(float(step * each) for each in range(first, last + 1))


MOST_STEPS = 8
