"""Charts as SVG with a text alternative: bars from nought, each with its number in words beside it."""

from __future__ import annotations

from html import escape

from linkage_engine.quality_report.document import Chart, Figure, ReportTable

LABELS, PLOT, NUMBERS, LINE, TOP, BOTTOM = 250, 400, 90, 24, 8, 28
COLOURS = ("#1d70b8", "#6f3a00")
"""Of the columns in order: contrast with white over 5 to 1 both; numbers and titles say the same."""
INK = "#1a1a1a"


def svg(table: ReportTable, chart: Chart) -> str:
    """The chart of a table; bars that have no number show its mark instead."""
    places = [[column.name for column in table.columns].index(name) for name in chart.columns]
    height = TOP + LINE * len(table.rows) * len(places) + BOTTOM
    width = LABELS + PLOT + NUMBERS
    title, says = f"{table.name}-title", f"{table.name}-says"
    lines = [
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{title} {says}">',
        f'<title id="{title}">{escape(table.title)}</title>',
        f'<desc id="{says}">{escape(chart.says)}</desc>',
        *_scale(chart, height),
    ]
    at = TOP
    for row in table.rows:
        lines.append(_text(LABELS - 8, at + 16, row.label, anchor="end"))
        for number, place in enumerate(places):
            lines += _bar(row.figures[place], chart, at, COLOURS[number % len(COLOURS)])
            at += LINE
    return "\n".join([*lines, "</svg>"])


def _scale(chart: Chart, height: int) -> list[str]:
    drawn = []
    for tick in chart.ticks:
        drawn.append(_line(_across(tick, chart), height, colour="#b1b4b6"))
        drawn.append(_text(_across(tick, chart), height - 8, f"{tick:g}", anchor="middle"))
    drawn += [_line(_across(line, chart), height, colour=INK, dashes=True) for line in chart.lines]
    return drawn


def _across(value: float, chart: Chart) -> float:
    """Where a value is, from the left."""
    low, high = chart.ticks[0], chart.ticks[-1]
    return LABELS + PLOT * (min(max(value, low), high) - low) / (high - low)


def _bar(figure: Figure, chart: Chart, at: int, colour: str) -> list[str]:
    text = _text(LABELS + PLOT + 8, at + 16, figure.text)
    if figure.value is None:
        return [text]
    nought, end = _across(0.0, chart), _across(figure.value, chart)
    left, length = min(nought, end), abs(end - nought)
    bar = f'<rect x="{left:.1f}" y="{at + 4}" width="{length:.1f}" height="{LINE - 8}" fill="{colour}"/>'
    return [bar, text]


def _line(x: float, height: int, *, colour: str, dashes: bool = False) -> str:
    dashed = ' stroke-dasharray="4 3"' if dashes else ""
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{height - BOTTOM}" stroke="{colour}"{dashed}/>'
    )


def _text(x: float, y: float, words: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{escape(words)}</text>'
