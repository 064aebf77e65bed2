"""Adult social care: when two rows are one event, which of them stands, and what the releases call things."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from linkage_engine.catalogue.definitions.shipped import Definition, shipped
from linkage_engine.contract.value import FieldName, Value


class Release(StrEnum):
    """A release of the specification of client-level data; the second is in use since October 2025."""

    ONE = "1"
    TWO = "2"


class PeriodRules(Value):
    """When the months of a submission count as covered by it."""

    month_share_percent: int
    """A month with fewer of its events than this share is not covered."""
    types_that_may_be_missing: int
    types: int
    few_events: int
    """Below so many events the stated period counts."""


class SocialCare(Definition):
    """The published rules, as values."""

    service: str
    """The kind of event that may be open at the end of a period."""
    only_within_one_submission: tuple[FieldName, ...]
    """Fields that tell services of one submission apart, and change from one submission to the next."""
    outcome_hierarchy: tuple[str, ...]
    period: PeriodRules
    releases: dict[Release, dict[FieldName, dict[str, str]]]
    """For each release and field: its text, and the catalogue's code."""


@cache
def social_care() -> SocialCare:
    """The rules that this version of the service ships."""
    return SocialCare.model_validate_json(shipped("social_care"))
