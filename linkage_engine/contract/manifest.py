"""What a provider declares about one delivery: signed as a JWS over this value."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from linkage_engine.contract.value import FieldName, RandomId, Sha256, Slug, Value

IDENTIFIERS: FieldName = "identifiers"
"""The name of the part that carries tokens; every other part is named after its data set."""


class Zone(StrEnum):
    """The worker a part is sealed to."""

    LINKAGE = "linkage"
    ANALYSIS = "analysis"


class Part(Value):
    """One sealed part: an age file around a zstd Parquet file."""

    name: FieldName
    zone: Zone
    sealed_sha256: Sha256
    sealed_bytes: Annotated[int, Field(ge=1)]
    rows: Annotated[int, Field(ge=0)]
    columns: tuple[FieldName, ...]
    uncompressed_bytes: Annotated[int, Field(ge=0)]
    """The sum of the uncompressed column chunks, as the Parquet footer says."""
    recipient: str
    """The age recipient it was sealed to: tells a retired key from a damaged file."""


class LeftOutReason(StrEnum):
    """Why rows of a person were not sent."""

    LIST = "list"
    """A list of the provider's own."""
    NDOO = "ndoo"
    """National Data Opt-out."""
    TYPE1 = "type1"
    """Type 1 opt-out, registered at the practice."""
    SURVEY = "survey"
    """Objection to a survey."""


class LeftOut(Value):
    """How many persons of the extract were left out for one reason, and of how many rows: never who.

    Who has two reasons counts under the first of them for each row. Nought: looked at, and nobody was there.
    """

    reason: LeftOutReason
    persons: Annotated[int, Field(ge=0)]
    rows: Annotated[int, Field(ge=0)]


class Manifest(Value):
    """One delivery of one provider to one project."""

    manifest: Literal[1] = 1
    delivery_id: RandomId
    project_id: Slug
    provider_id: Slug
    counter: Annotated[int, Field(ge=1)]
    """Rises with every delivery of the provider to the project."""
    catalogue_version: str
    linkage_profile: str
    secret_epoch: int
    key_check: str
    extract_date: date
    created_at: datetime
    parts: tuple[Part, ...]
    left_out: tuple[LeftOut, ...] = ()
    """One for each reason that was looked at; none where a tool from before made the delivery."""

    def part(self, name: str) -> Part | None:
        """The part of that name, or nothing."""
        return next((p for p in self.parts if p.name == name), None)
