"""Where nothing was submitted, a chart says so in words: that is no nought, and no secret either."""

from __future__ import annotations

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledValue,
    PlannedMeasure,
    Statistic,
)
from service.publication.chart import Figure

NO_SUBMISSION = Figure(None, "no submission")
SUFFIX = "_no_submission"
"""Parts of this name count those of whom nothing was submitted; what stands before it is their item."""


def submitted(
    value: Figure, row: ControlledRow, planned: tuple[PlannedMeasure, ...], part: str | None
) -> Figure:
    """A figure of a part, or that nothing was submitted about (nearly) anybody of the row."""
    if value.value is not None:
        return value
    numbers = list(zip(planned, row.values, strict=True))
    people = next((told for measure, told in numbers if measure.statistic is Statistic.POPULATION), None)
    absent = [
        told
        for measure, told in numbers
        if measure.part is not None and _is_absence(measure.part, part or "")
    ]
    return NO_SUBMISSION if any(_is_everybody(told, people) for told in absent) else value


def _is_absence(counted: str, part: str) -> bool:
    return counted.endswith(SUFFIX) and part.startswith(counted.removesuffix(SUFFIX))


def _is_everybody(absent: ControlledValue, people: ControlledValue | None) -> bool:
    if absent.status is CellStatus.HIGH:
        return True
    return people is not None and absent.value is not None and absent.value == people.value
