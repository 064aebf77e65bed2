"""Charts as SVG: lines, points, bars and words; no colour alone says anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise

from linkage_engine.quality_report.charts import COLOURS, INK
from service.publication.chart import Chart, Figure, Form, Mark
from service.publication.funnel_drawing import funnel
from service.publication.shapes import (
    ALONG,
    BOTTOM,
    GRID,
    HEIGHT,
    LABELS,
    LEFT,
    LEGEND,
    LETTERS,
    LINE,
    MOST_LABELS,
    PLOT,
    TOP,
    WIDTH,
    cut,
    diamond,
    label,
    line,
    point,
)


def svg(chart: Chart) -> str:
    """The chart; its title and description are named by it."""
    whole = _WHOLE.get(chart.form)
    height = TOP + (HEIGHT if whole else LINE * len(chart.marks)) + BOTTOM
    title, says = f"{chart.name}-title", f"{chart.name}-says"
    return "\n".join(
        (
            f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{title} {says}">',
            f'<title id="{title}">{escape(chart.title)}</title>',
            f'<desc id="{says}">{escape(chart.says)}</desc>',
            *_legend(chart),
            *(whole(chart) if whole else _in_rows(chart, height)),
            "</svg>",
        )
    )


def _legend(chart: Chart) -> Iterator[str]:
    """What stands for what, by shape and words."""
    yield from point(LEFT, 14)
    yield label(LEFT + 12, 18, cut(chart.value_title, LEGEND))
    if chart.comparator_title:
        yield from diamond(WIDTH / 2 + LEFT, 14)
        yield label(WIDTH / 2 + LEFT + 12, 18, cut(chart.comparator_title, LEGEND))


def _in_rows(chart: Chart, height: int) -> Iterator[str]:
    steps = chart.scale

    def across(value: float) -> float:
        return LABELS + PLOT * (value - steps[0]) / (steps[-1] - steps[0])

    for tick in steps:
        yield line((across(tick), TOP), (across(tick), height - BOTTOM), GRID)
        yield label(across(tick), height - 10, f"{tick:g}", anchor="middle")
    if chart.line is not None:
        yield line((across(chart.line), TOP), (across(chart.line), height - BOTTOM), INK, dashes="4 3")
    for place, mark in enumerate(chart.marks):
        middle = TOP + LINE * place + LINE / 2
        yield label(LABELS - 8, middle + 5, cut(mark.label, LETTERS), anchor="end")
        yield from _DRAWN[chart.form](mark, across, middle)
        yield label(LABELS + PLOT + 12, middle + 5, mark.value.text)


Across = Callable[[float], float]


def _bar(mark: Mark, across: Across, middle: float) -> Iterator[str]:
    if mark.value.value is None:
        return
    nought, end = across(0.0), across(mark.value.value)
    yield (
        f'<rect x="{min(nought, end):.1f}" y="{middle - 9:.1f}" width="{abs(end - nought):.1f}" '
        f'height="18" fill="{COLOURS[0]}"/>'
    )
    yield from _whisker(mark, across, middle)


def _interval(mark: Mark, across: Across, middle: float) -> Iterator[str]:
    yield from _whisker(mark, across, middle)
    if mark.value.value is not None:
        yield from point(across(mark.value.value), middle)


def _dumbbell(mark: Mark, across: Across, middle: float) -> Iterator[str]:
    ends = [f.value for f in (mark.value, mark.comparator) if f is not None and f.value is not None]
    if len(ends) > 1:
        yield line((across(ends[0]), middle), (across(ends[1]), middle), INK)
    if mark.comparator is not None and mark.comparator.value is not None:
        yield from diamond(across(mark.comparator.value), middle)
    if mark.value.value is not None:
        yield from point(across(mark.value.value), middle)


def _whisker(mark: Mark, across: Across, middle: float) -> Iterator[str]:
    limits = _limits(mark)
    if limits is not None:
        yield line((across(limits[0]), middle), (across(limits[1]), middle), INK)


def _limits(mark: Mark) -> tuple[float, float] | None:
    lower, upper = mark.lower, mark.upper
    if lower is None or upper is None or lower.value is None or upper.value is None:
        return None
    return lower.value, upper.value


_DRAWN: Mapping[Form, Callable[[Mark, Across, float], Iterator[str]]] = {
    Form.BARS: _bar,
    Form.INTERVALS: _interval,
    Form.DUMBBELL: _dumbbell,
}


def _along_time(chart: Chart) -> Iterator[str]:
    steps = chart.scale
    places = [LEFT + ALONG * (place + 0.5) / len(chart.marks) for place in range(len(chart.marks))]

    def up(value: float) -> float:
        return TOP + HEIGHT * (steps[-1] - value) / (steps[-1] - steps[0])

    yield from _axes(chart, steps, places, up)
    comparators = [mark.comparator for mark in chart.marks]
    yield from _series(comparators, places, up, dashes="6 4")
    yield from _series([mark.value for mark in chart.marks], places, up)
    for x, mark in zip(places, chart.marks, strict=True):
        yield from _upright(mark, x, up)


def _axes(chart: Chart, steps: tuple[float, ...], places: list[float], up: Across) -> Iterator[str]:
    for tick in steps:
        yield line((LEFT, up(tick)), (LEFT + ALONG, up(tick)), GRID)
        yield label(LEFT - 6, up(tick) + 5, f"{tick:g}", anchor="end")
    every = -(-len(chart.marks) // MOST_LABELS)
    for x, mark in list(zip(places, chart.marks, strict=True))[::every]:
        yield label(x, TOP + HEIGHT + 20, mark.label, anchor="middle")


def _upright(mark: Mark, x: float, up: Across) -> Iterator[str]:
    """The marks at one time: its number with limits, what it is compared with, or why there is none."""
    limits = _limits(mark)
    if limits is not None:
        yield line((x, up(limits[0])), (x, up(limits[1])), INK)
    if mark.comparator is not None and mark.comparator.value is not None:
        yield from diamond(x, up(mark.comparator.value))
    if mark.value.value is not None:
        yield from point(x, up(mark.value.value))
    else:
        yield label(x, up(0.0) - 4, mark.value.text, anchor="middle")


def _series(
    figures: Sequence[Figure | None], places: list[float], up: Across, *, dashes: str = ""
) -> Iterator[str]:
    """A line from each shown number to the next one, unless one between is not shown."""
    told = [None if each is None else each.value for each in figures]
    colour = COLOURS[1] if dashes else COLOURS[0]
    for (x, one), (then, other) in pairwise(zip(places, told, strict=True)):
        if one is not None and other is not None:
            yield line((x, up(one)), (then, up(other)), colour, dashes=dashes, width=2)


_WHOLE: Mapping[Form, Callable[[Chart], Iterator[str]]] = {Form.LINES: _along_time, Form.FUNNEL: funnel}
"""Forms that are no rows, one for each label."""
