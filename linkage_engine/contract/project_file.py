"""What an operator gives a project's providers, so that they seal to the right keys with the right secret."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.value import FieldName, Slug, Value


class Recipients(Value):
    """The age recipients of the two workers; each text begins with `age1pq1`."""

    linkage: str
    """Identifier parts are sealed to it."""
    analysis: str
    """Payload parts are sealed to it."""


class ProjectFile(Value):
    """One project, as a provider's tool needs to know it; holds nothing secret."""

    project_file: Literal[1] = 1
    project_id: Slug
    secret_epoch: Annotated[int, Field(ge=1)]
    key_check: str
    """Tells the project linkage secret of this epoch apart from any other."""
    linkage_profile: LinkageProfile
    """What identifiers become before they are sealed."""
    recipients: Recipients
    data_sets: tuple[FieldName, ...]
    """What the permit lets providers send."""
