"""How many matches there are at least, found or not: capture and recapture."""

from __future__ import annotations

from linkage_engine.link.threshold import Flags


def matches_at_least(first: Flags, second: Flags) -> float:
    """Of links caught by each of two independent ways, how many a third of neither caught (Chapman 1951).

    Records with one fault have others more often, so that the ways are not independent, more matches escape
    both than this tells, and the number is a lower bound.
    """
    both = int((first & second).sum())
    return (int(first.sum()) + 1) * (int(second.sum()) + 1) / (both + 1) - 1
