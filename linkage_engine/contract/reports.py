"""What validation found: classes, counts and row numbers, never a value."""

from __future__ import annotations

from enum import StrEnum

from linkage_engine.contract.value import FieldName, Value

ROW_NUMBERS_SHOWN = 5
"""How many row numbers of a fault are named; the count is always whole."""


class ValidationClass(StrEnum):
    """The vocabulary that adult social care data quality reports use, so that councils recognise it."""

    VALID = "Passed: Valid"
    BLANK_OPTIONAL = "Passed: Blank (Not Mandatory)"
    BLANK_MANDATORY = "Failed: Blank (Mandatory)"
    INVALID = "Failed: Invalid"
    UNDETERMINED = "Undetermined"

    @property
    def failed(self) -> bool:
        """Whether rows of this class are refused."""
        return self in {ValidationClass.BLANK_MANDATORY, ValidationClass.INVALID}

    @property
    def passed(self) -> bool:
        """Whether rows of this class need no look; undetermined ones neither pass nor fail."""
        return self in {ValidationClass.VALID, ValidationClass.BLANK_OPTIONAL}


class FieldReport(Value):
    """One rule over one field: how many rows fell into one class, and the first rows of it that failed."""

    field: FieldName
    rule: FieldName
    """The check that decided: type, list, pattern, range, check_digit, unique, order, ..."""
    outcome: ValidationClass
    rows: int
    row_numbers: tuple[int, ...] = ()
    """Row numbers of the provider's file, the header being row 1; only for classes that did not pass."""


class ValidationReport(Value):
    """All findings over one data set, ordered by field, then rule."""

    data_set: FieldName
    rows: int
    findings: tuple[FieldReport, ...]

    @property
    def passed(self) -> bool:
        """Whether no row failed any rule."""
        return not any(f.outcome.failed and f.rows for f in self.findings)


class LinkageFigures(Value):
    """What an operator may see of one pair of providers in a linkage run: counts and settings only."""

    records_a: int
    records_b: int
    candidate_pairs: int
    links: int
    match_weight_threshold: float
    estimated_false_link_rate: float
    tokens_dropped: int = 0
    """Blocking tokens that too many records share to be worth their pairs."""
    untrained_comparisons: tuple[FieldName, ...] = ()
    """Comparisons for which the data at hand taught nothing: the documented default was used."""
    seconds: dict[str, float]


class RunFigures(Value):
    """The figures of a linkage run, for each pair of providers."""

    pairs: dict[str, LinkageFigures]
    """By the two providers' ids, joined with a colon."""

    @property
    def candidate_pairs(self) -> int:
        """Pairs of records that were weighed, over all pairs of providers."""
        return sum(figures.candidate_pairs for figures in self.pairs.values())

    @property
    def links(self) -> int:
        """Links made, over all pairs of providers."""
        return sum(figures.links for figures in self.pairs.values())
