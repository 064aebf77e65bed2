"""The token columns of a linkage profile: names, kinds and fixed list lengths."""

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

PROFILE = "tokens"
"""The only linkage profile so far: composite tokens, no token of a name alone."""

NEAR_LENGTH = 12
"""A name and its one-letter deletions, padded with random values so that the length of a name is not told."""
ADDRESS_LENGTH = 16


class TokenKind(StrEnum):
    """The Parquet type of a token column."""

    SCALAR = "int64"
    LIST = "list<int64>"


@dataclass(frozen=True, slots=True)
class TokenColumn:
    """One column: scalars may be null; a list is null or exactly `length` long, without nulls."""

    name: str
    kind: TokenKind = TokenKind.SCALAR
    length: int = 1


def _near(name: str) -> TokenColumn:
    return TokenColumn(name, TokenKind.LIST, NEAR_LENGTH)


TOKEN_COLUMNS: tuple[TokenColumn, ...] = (
    TokenColumn("nhs_number"),
    TokenColumn("dob"),
    TokenColumn("dob_swapped"),
    TokenColumn("dob_month_day"),
    TokenColumn("dob_year_month"),
    TokenColumn("dob_year_day"),
    TokenColumn("birth_year"),
    TokenColumn("postcode"),
    TokenColumn("sector"),
    TokenColumn("sex"),
    TokenColumn("middle_initial"),
    TokenColumn("family_dob"),
    TokenColumn("given_dob"),
    TokenColumn("family_postcode"),
    TokenColumn("given_postcode"),
    TokenColumn("name_pair"),
    TokenColumn("family_sound_dob"),
    TokenColumn("given_sound_dob"),
    TokenColumn("family_sound_postcode"),
    TokenColumn("given_sound_postcode"),
    TokenColumn("family_initial_dob"),
    TokenColumn("given_initial_dob"),
    TokenColumn("family_initial_postcode"),
    TokenColumn("given_initial_postcode"),
    _near("near_family_dob"),
    _near("near_given_dob"),
    _near("near_family_postcode"),
    _near("near_given_postcode"),
    _near("near_family_given"),
    _near("near_given_family"),
    TokenColumn("blocking", TokenKind.LIST, 18),
    TokenColumn("near_address", TokenKind.LIST, ADDRESS_LENGTH),
)
"""The columns after `person_key` of an identifier part, in their order."""

TOKEN_NAMES: tuple[str, ...] = tuple(column.name for column in TOKEN_COLUMNS)
