"""Projects of which the gate has forgotten what it told: a restore names them, and they are refused."""

from __future__ import annotations

from typing import Literal

from linkage_engine.contract.value import Slug, Value

FILE = "projects-forgotten.json"
"""Its name in the folder of the gate's vault; it stays."""


class Forgotten(Value):
    """The projects that the gate told something of after its vault was copied, or may have."""

    projects_forgotten: Literal[1] = 1
    projects: tuple[Slug, ...]
