"""What of a permit is about to end: told sixty, thirty and seven days before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from linkage_engine.contract.permit import Permit
from linkage_engine.contract.permit_parts import Ending

WARNED_DAYS = (60, 30, 7)
"""Before the end."""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that ends within so many days, or has ended."""

    ending: Ending
    days_left: int
    """Negative when it is over."""
    within: int
    """The shortest of the periods that it ends in."""


def due(permit: Permit, today: date) -> Iterator[Warned]:
    """What ends within sixty days or has ended, in the permit's order; nothing of a closed project."""
    if permit.closed_on is not None:
        return
    for ending in permit.endings:
        left = (ending.valid_to - today).days
        within = [days for days in WARNED_DAYS if left <= days]
        if within:
            yield Warned(ending, left, min(within))
