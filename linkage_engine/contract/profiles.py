"""Linkage profiles: which columns a record's identifiers become, the one description that all read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from linkage_engine.contract.refusals import CannotLink, RefusalCode
from linkage_engine.contract.tokens import IDENTIFIER_FIELDS, TokenColumn, TokenKind


class LinkageProfile(StrEnum):
    """How much of identifiers a linkage may see; a project's permit names one."""

    TOKENS = "tokens"
    """Composite tokens, none of a name alone; the pair of names is one token."""
    TOKENS_STRICT = "tokens-strict"
    """As `tokens`, but the pair of names only together with the year of birth or the postcode sector."""
    FUZZY = "fuzzy"
    """As `tokens`, and a token of each name alone."""
    BLOOM = "bloom"
    """As `tokens`, and a Bloom filter of each name: names can be compared letter by letter."""
    PLAINTEXT = "plaintext"
    """Normalised identifiers: the laboratory's yardstick, which the service refuses."""


SERVED = frozenset(LinkageProfile) - {LinkageProfile.PLAINTEXT}
"""What a permit may name."""

NEAR_LENGTH = 12
"""A name and its one-letter deletions, padded with random values so that the length of a name is not told."""
FILTER_WORDS = 4
"""A filter of 256 bits."""

_Columns = tuple[TokenColumn, ...]


def _scalars(*names: str) -> _Columns:
    return tuple(TokenColumn(name) for name in names)


def _near(*names: str) -> _Columns:
    return tuple(TokenColumn(name, TokenKind.LIST, NEAR_LENGTH) for name in names)


def _filters(*names: str) -> _Columns:
    words = range(1, FILTER_WORDS + 1)
    return tuple(TokenColumn(f"{name}_{word}", TokenKind.FILTER) for name in names for word in words)


def _blocking(length: int) -> _Columns:
    return (
        TokenColumn("blocking", TokenKind.LIST, length),
        TokenColumn("near_address", TokenKind.LIST, 8),
    )


_SINGLE = _scalars(
    "nhs_number",
    "dob",
    "dob_swapped",
    "dob_month_day",
    "dob_year_month",
    "dob_year_day",
    "birth_year",
    "postcode",
    "sector",
    "sex",
    "middle_initial",
)
_ANCHORED_NAMES = _scalars("family_dob", "given_dob", "family_postcode", "given_postcode")
_SOUNDS_AND_INITIALS = _scalars(
    "family_sound_dob",
    "given_sound_dob",
    "family_sound_postcode",
    "given_sound_postcode",
    "family_initial_dob",
    "given_initial_dob",
    "family_initial_postcode",
    "given_initial_postcode",
)
_NEAR_ANCHORED = _near("near_family_dob", "near_given_dob", "near_family_postcode", "near_given_postcode")
_NEAR_PAIR = _near("near_family_given", "near_given_family")
_NEAR_PAIR_ANCHORED = _near(
    "near_family_given_year", "near_given_family_year", "near_family_given_sector", "near_given_family_sector"
)
_TOKENS: _Columns = (
    *_SINGLE,
    *_ANCHORED_NAMES,
    *_scalars("name_pair_year", "name_pair_month_day", "name_pair_district", "name_pair_initial"),
    *_SOUNDS_AND_INITIALS,
    *_NEAR_ANCHORED,
    *_near(
        "near_family_given_year",
        "near_given_family_year",
        "near_family_given_month_day",
        "near_given_family_month_day",
        "near_family_given_district",
        "near_given_family_district",
    ),
    *_blocking(28),
)
_BLOOM_TOKENS: _Columns = (
    *_SINGLE,
    *_ANCHORED_NAMES,
    *_scalars("name_pair"),
    *_SOUNDS_AND_INITIALS,
    *_NEAR_ANCHORED,
    *_NEAR_PAIR,
    *_blocking(31),
)

COLUMNS: Mapping[LinkageProfile, _Columns] = {
    LinkageProfile.TOKENS: _TOKENS,
    LinkageProfile.TOKENS_STRICT: (
        *_SINGLE,
        *_ANCHORED_NAMES,
        *_scalars("name_pair_year", "name_pair_sector"),
        *_SOUNDS_AND_INITIALS,
        *_NEAR_ANCHORED,
        *_NEAR_PAIR_ANCHORED,
        *_blocking(28),
    ),
    LinkageProfile.FUZZY: (
        *_SINGLE,
        *_scalars("family_name", "given_name"),
        *_SOUNDS_AND_INITIALS,
        *_NEAR_ANCHORED,
        *_NEAR_PAIR,
        *_blocking(31),
    ),
    LinkageProfile.BLOOM: (*_BLOOM_TOKENS, *_filters("family_filter", "given_filter")),
    LinkageProfile.PLAINTEXT: tuple(TokenColumn(name, TokenKind.TEXT) for name in IDENTIFIER_FIELDS),
}
"""The columns of each profile after `person_key`, in their order."""


def column_names(profile: LinkageProfile) -> tuple[str, ...]:
    """The names of a profile's columns, in their order."""
    return tuple(column.name for column in COLUMNS[profile])


def served_profile(name: str) -> LinkageProfile:
    """The profile of that name; raises CannotLink(linkage-profile-not-served) for one no permit may name."""
    if name not in SERVED:
        raise CannotLink(RefusalCode.LINKAGE_PROFILE_NOT_SERVED)
    return LinkageProfile(name)
