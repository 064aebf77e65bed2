"""Charts as SVG: lines, points, bars and words; no colour alone says anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise

from linkage_engine.quality_report.charts import COLOURS, INK
from service.publication.chart import Chart, Figure, Form, Mark

LABELS, PLOT, NUMBERS, LINE, TOP, BOTTOM = 250, 400, 110, 26, 34, 30
WIDTH = LABELS + PLOT + NUMBERS
LEFT, ALONG = 60, WIDTH - 80
"""Where lines along time begin, and how far they go."""
HEIGHT = 260
"""Of the plot of lines along time."""
LETTERS, LEGEND = 36, 44
"""Longer labels are cut in the drawing; the table beneath has them whole."""
MOST_LABELS = 16
"""Along time: where there are more, every second, third and so on is written."""
GRID = "#b1b4b6"


def svg(chart: Chart) -> str:
    """The chart; its title and description are named by it."""
    along_time = chart.form is Form.LINES
    height = TOP + (HEIGHT if along_time else LINE * len(chart.marks)) + BOTTOM
    title, says = f"{chart.name}-title", f"{chart.name}-says"
    return "\n".join(
        (
            f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{title} {says}">',
            f'<title id="{title}">{escape(chart.title)}</title>',
            f'<desc id="{says}">{escape(chart.says)}</desc>',
            *_legend(chart),
            *(_along_time(chart) if along_time else _in_rows(chart, height)),
            "</svg>",
        )
    )


def _legend(chart: Chart) -> Iterator[str]:
    """What stands for what, by shape and words."""
    yield from _point(LEFT, 14)
    yield _text(LEFT + 12, 18, _cut(chart.value_title, LEGEND))
    if chart.comparator_title:
        yield from _diamond(WIDTH / 2 + LEFT, 14)
        yield _text(WIDTH / 2 + LEFT + 12, 18, _cut(chart.comparator_title, LEGEND))


def _in_rows(chart: Chart, height: int) -> Iterator[str]:
    steps = chart.scale

    def across(value: float) -> float:
        return LABELS + PLOT * (value - steps[0]) / (steps[-1] - steps[0])

    for tick in steps:
        yield _line((across(tick), TOP), (across(tick), height - BOTTOM), GRID)
        yield _text(across(tick), height - 10, f"{tick:g}", anchor="middle")
    if chart.line is not None:
        yield _line((across(chart.line), TOP), (across(chart.line), height - BOTTOM), INK, dashes="4 3")
    for place, mark in enumerate(chart.marks):
        middle = TOP + LINE * place + LINE / 2
        yield _text(LABELS - 8, middle + 5, _cut(mark.label, LETTERS), anchor="end")
        yield from _DRAWN[chart.form](mark, across, middle)
        yield _text(LABELS + PLOT + 12, middle + 5, mark.value.text)


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
        yield from _point(across(mark.value.value), middle)


def _dumbbell(mark: Mark, across: Across, middle: float) -> Iterator[str]:
    ends = [f.value for f in (mark.value, mark.comparator) if f is not None and f.value is not None]
    if len(ends) > 1:
        yield _line((across(ends[0]), middle), (across(ends[1]), middle), INK)
    if mark.comparator is not None and mark.comparator.value is not None:
        yield from _diamond(across(mark.comparator.value), middle)
    if mark.value.value is not None:
        yield from _point(across(mark.value.value), middle)


def _whisker(mark: Mark, across: Across, middle: float) -> Iterator[str]:
    limits = _limits(mark)
    if limits is not None:
        yield _line((across(limits[0]), middle), (across(limits[1]), middle), INK)


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
        yield _line((LEFT, up(tick)), (LEFT + ALONG, up(tick)), GRID)
        yield _text(LEFT - 6, up(tick) + 5, f"{tick:g}", anchor="end")
    every = -(-len(chart.marks) // MOST_LABELS)
    for x, mark in list(zip(places, chart.marks, strict=True))[::every]:
        yield _text(x, TOP + HEIGHT + 20, mark.label, anchor="middle")


def _upright(mark: Mark, x: float, up: Across) -> Iterator[str]:
    """The marks at one time: its number with limits, what it is compared with, or why there is none."""
    limits = _limits(mark)
    if limits is not None:
        yield _line((x, up(limits[0])), (x, up(limits[1])), INK)
    if mark.comparator is not None and mark.comparator.value is not None:
        yield from _diamond(x, up(mark.comparator.value))
    if mark.value.value is not None:
        yield from _point(x, up(mark.value.value))
    else:
        yield _text(x, up(0.0) - 4, mark.value.text, anchor="middle")


def _series(
    figures: Sequence[Figure | None], places: list[float], up: Across, *, dashes: str = ""
) -> Iterator[str]:
    """A line from each shown number to the next one, unless one between is not shown."""
    told = [None if each is None else each.value for each in figures]
    colour = COLOURS[1] if dashes else COLOURS[0]
    for (x, one), (then, other) in pairwise(zip(places, told, strict=True)):
        if one is not None and other is not None:
            yield _line((x, up(one)), (then, up(other)), colour, dashes=dashes, width=2)


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _point(x: float, y: float) -> Iterator[str]:
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{COLOURS[0]}"/>'


def _diamond(x: float, y: float) -> Iterator[str]:
    yield (
        f'<path d="M{x:.1f} {y - 6:.1f} l6 6 -6 6 -6 -6 z" fill="#ffffff" '
        f'stroke="{COLOURS[1]}" stroke-width="2"/>'
    )


def _line(
    start: tuple[float, float], end: tuple[float, float], colour: str, *, dashes: str = "", width: int = 1
) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="{colour}" stroke-width="{width}"{dashed}/>'
    )


def _text(x: float, y: float, words: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{escape(words)}</text>'
