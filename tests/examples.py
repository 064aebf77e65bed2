"""How many examples a property is tried on, where each takes long."""

from __future__ import annotations

from hypothesis import settings


def one_in(share: int) -> settings:
    """One in so many of the examples that the profile would draw; a thorough run draws as much more."""
    return settings(max_examples=max(1, settings().max_examples // share), deadline=None)
