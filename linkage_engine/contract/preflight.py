"""A pre-flight: how many cells of an answer would be hidden, and of which questions it may be asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from linkage_engine.contract.query_spec import Breakdown, QuerySpec
from linkage_engine.contract.value import FieldName, Value

Count = Annotated[int, Field(ge=0)]
NEW_YEAR, NEW_YEARS_EVE = (1, 1), (12, 31)
CALENDAR = {
    "index_date": NEW_YEARS_EVE,
    "diagnosed_from": NEW_YEAR,
    "diagnosed_to": NEW_YEARS_EVE,
    "invited_from": NEW_YEAR,
    "invited_to": NEW_YEARS_EVE,
}
"""The month and day on which a pre-flight's dates are: whole years, for the reason that age bands are fixed.

Were any date allowed, the day on which a cell begins to be told could be searched for, and with it who
was added on that day.
"""


class Foreseen(Value):
    """How many cells an answer would have, and of how many of them nothing would be told."""

    cells: Count
    hidden: Count
    """Because they are about too few people, or because with them a few people could be computed."""


class Coarser(Foreseen):
    """The same for a coarser question: another banding, or a breakdown left out."""

    change: Literal["age_bands", "without"]
    to: FieldName | Breakdown


class Preflight(Value):
    """What a researcher is told of a question before it is asked: whole numbers, none about an outcome."""

    preflight: Literal[1] = 1
    asked: Foreseen
    coarser: tuple[Coarser, ...]


def off_the_calendar(specification: QuerySpec) -> Iterator[str]:
    """The parameters whose dates no pre-flight may have."""
    for name, day in CALENDAR.items():
        asked = getattr(specification.parameters, name, None)
        if isinstance(asked, date) and (asked.month, asked.day) != day:
            yield name
