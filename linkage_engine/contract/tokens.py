"""The words of an identifier part: the fields that it is made of, and what a column of it holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

IDENTIFIER_FIELDS = (
    "nhs_number",
    "given_name",
    "middle_name",
    "family_name",
    "previous_family_name",
    "date_of_birth",
    "sex",
    "postcode",
    "address",
)
"""The fields a provider may map; any may be absent. None of them leaves the provider."""


class TokenKind(StrEnum):
    """What a column holds, and so its Parquet type."""

    SCALAR = "token"
    """int64, null where a part is missing."""
    LIST = "list of tokens"
    """list<int64> of a fixed length, filled up with random values and sorted."""
    FILTER = "filter word"
    """int64: 64 bits of a Bloom filter, null where the name is missing."""
    TEXT = "text"
    """A normalised identifier: the laboratory's alone."""


@dataclass(frozen=True, slots=True)
class TokenColumn:
    """One column: scalars may be null; a list is null or exactly `length` long, without nulls."""

    name: str
    kind: TokenKind = TokenKind.SCALAR
    length: int = 1
