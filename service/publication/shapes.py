"""What charts are drawn of: lines, points and words in SVG, and the sizes that all share."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from linkage_engine.quality_report.charts import COLOURS, INK

LABELS, PLOT, NUMBERS, LINE, TOP, BOTTOM = 250, 400, 110, 26, 34, 30
WIDTH = LABELS + PLOT + NUMBERS
LEFT, ALONG = 60, WIDTH - 100
"""Where lines along time begin, and how far they go."""
HEIGHT = 260
"""Of the plot of lines along time."""
LETTERS, LEGEND = 36, 44
"""Longer labels are cut in the drawing; the table beneath has them whole."""
MOST_LABELS = 16
"""Along time: where there are more, every second, third and so on is written."""
GRID = "#b1b4b6"


def cut(words: str, most: int) -> str:
    """Words, shortened where they are longer than a drawing has room for."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def point(x: float, y: float) -> Iterator[str]:
    """What a chart is about: a filled circle."""
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{COLOURS[0]}"/>'


def diamond(x: float, y: float) -> Iterator[str]:
    """What it is compared with: an open diamond."""
    yield (
        f'<path d="M{x:.1f} {y - 6:.1f} l6 6 -6 6 -6 -6 z" fill="#ffffff" '
        f'stroke="{COLOURS[1]}" stroke-width="2"/>'
    )


def line(
    start: tuple[float, float], end: tuple[float, float], colour: str, *, dashes: str = "", width: int = 1
) -> str:
    """A straight line."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="{colour}" stroke-width="{width}"{dashed}/>'
    )


def label(x: float, y: float, words: str, *, anchor: str = "start") -> str:
    """Words, none of which is markup."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{escape(words)}</text>'
