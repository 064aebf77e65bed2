"""Rounding: every count by itself, margins too."""

from __future__ import annotations

from collections.abc import Sequence

from linkage_engine.disclosure.figures import Column, Exact, Figures
from linkage_engine.disclosure.rounding import METHODS


def rounded(exact: Exact, figures: Sequence[Figures]) -> list[Column]:
    """What is allowed, counts to the middle or nearest of their bins."""
    return [_rounded(each, exact.policy.counts.method) for each in figures]


def _rounded(figures: Figures, method: str) -> Column:
    counts = figures.counts
    return figures.told(figures.numbers if counts is None else METHODS[method](counts), where=figures.allowed)
