"""A funnel as SVG: points by size, the whole as a line, limits as curves that open towards few people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from linkage_engine.quality_report.charts import INK
from service.publication.chart import Chart, Mark, ticks
from service.publication.funnel import Z_95, Z_998, limits
from service.publication.shapes import ALONG, GRID, HEIGHT, LEFT, TOP, WIDTH, cut, label, line, point

Across = Callable[[float], float]
STEPS, ROOM = 48, 24
"""Of a curve, and letters of a label beside a point."""


def funnel(chart: Chart) -> Iterator[str]:
    """What is between title and end of the drawing; labels stand beside points beyond the outer limits."""
    steps, sizes = chart.scale, ticks(_sizes(chart))

    def across(people: float) -> float:
        return LEFT + ALONG * people / sizes[-1]

    def up(percent: float) -> float:
        within = min(max(percent, steps[0]), steps[-1])
        return TOP + HEIGHT * (steps[-1] - within) / (steps[-1] - steps[0])

    for tick in steps:
        yield line((LEFT, up(tick)), (LEFT + ALONG, up(tick)), GRID)
        yield label(LEFT - 6, up(tick) + 5, f"{tick:g}", anchor="end")
    for size in sizes:
        yield label(across(size), TOP + HEIGHT + 20, f"{size:,.0f}", anchor="middle")
    yield from _curves(chart, sizes[-1], across, up)
    for mark in chart.marks:
        yield from _area(mark, across, up)


def _sizes(chart: Chart) -> tuple[float, ...]:
    return tuple(mark.size.value for mark in chart.marks if mark.size and mark.size.value)


def _curves(chart: Chart, largest: float, across: Across, up: Across) -> Iterator[str]:
    """The whole and its limits, from the smallest area on: towards nobody they are all percentages."""
    whole, first = chart.line or 0.0, min(_sizes(chart))
    yield line((LEFT, up(whole)), (LEFT + ALONG, up(whole)), INK)
    people = [first + (largest - first) * step / STEPS for step in range(STEPS + 1)]
    for z, dashes in ((Z_95, "2 3"), (Z_998, "6 4")):
        for side in (0, 1):
            yield _curve([(across(each), up(limits(whole, each, z)[side])) for each in people], dashes)


def _area(mark: Mark, across: Across, up: Across) -> Iterator[str]:
    size, value = mark.size, mark.value.value
    assert size is not None  # areas of which either is hidden are no marks
    assert size.value is not None
    assert value is not None
    x, y = across(size.value), up(value)
    yield from point(x, y)
    if mark.is_beyond and x > WIDTH / 2:
        yield label(x - 9, y + 5, cut(mark.label, ROOM), anchor="end")
    elif mark.is_beyond:
        yield label(x + 9, y + 5, cut(mark.label, ROOM))


def _curve(places: Sequence[tuple[float, float]], dashes: str) -> str:
    path = " L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return f'<path d="M{path}" fill="none" stroke="{INK}" stroke-dasharray="{dashes}"/>'
