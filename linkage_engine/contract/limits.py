"""How much may be asked: the part of a policy that the api holds questions to, and the gate too."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from linkage_engine.contract.value import Value


class Limits(Value):
    """How large a table may be, and how many questions a project may ask."""

    filters: Annotated[int, Field(ge=0, le=20)] = 6
    """Breakdowns of which a question may name a part only."""
    dims: Annotated[int, Field(ge=0, le=6)] = 3
    cells: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    queries_per_day: Annotated[int, Field(ge=1, le=100_000)] = 200
