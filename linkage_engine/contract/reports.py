"""What validation and linkage found: classes, counts, row numbers and controlled figures, never a value."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue
from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.contract.value import FieldName, Slug, Value

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


class Resubmissions(Value):
    """What became of the rows of several submissions of the same events: nothing is dropped uncounted.

    `rows_read` is the sum of the rows kept, not current, the same event, and those that could not be told.
    """

    submissions: int
    first_quarter: str | None
    last_quarter: str | None
    missing_quarters: tuple[str, ...]
    """Between the first and the last, without a submission that covers them."""
    rows_read: int
    rows_kept: int
    rows_not_current: int
    """A later submission speaks for their time, or none does."""
    rows_same_event: int
    """Of an event that another row tells."""
    rows_untold: int
    """Kept as they are, since what an event is made of cannot be read; they fail their checks."""
    services_cropped: int
    """Of those kept: open, and not seen again, so they end with their quarter."""
    ended_by_death: int
    """Of those kept: the end was moved to the day of death."""


HIDDEN = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)


class LeftOutFigures(Value):
    """What of one group of tokens brought nobody together, as the token of a date that thousands have."""

    tokens: ControlledValue = HIDDEN
    records: ControlledValue = HIDDEN
    """Records that have such a token: other tokens may bring them together all the same."""


class LevelFigures(Value):
    """A weight from which pairs are links, the links from it on, and how many are false by estimate."""

    match_weight: ControlledValue = HIDDEN
    """In bits, to the nearest half."""
    links: ControlledValue = HIDDEN
    false_links_percent_at_most: ControlledValue = HIDDEN
    """The estimate for a hundred links, up to the next step of a coarse scale."""


class NumberedFigures(Value):
    """How well the other fields link records that have an NHS number, with that withheld from the model."""

    pairs: ControlledValue = HIDDEN
    """Numbers that both providers have: pairs known to be one person's."""
    links: ControlledValue = HIDDEN
    """Links between two records with a number."""
    false_links: ControlledValue = HIDDEN
    """Those of them whose numbers differ; nobody or few are low."""
    missed: ControlledValue = HIDDEN
    """Pairs of one number that were not linked; nobody or few are low."""


class QualityFigures(Value):
    """What a quality report tells of the linkage of two providers, after disclosure control."""

    outcome: Literal["chosen", "few-records", "no-overlap"]
    """How the threshold came about; `no-overlap`: nobody, or too few to tell, are linked."""
    is_settled: bool
    """Whether the training of the model came to rest."""
    resubmissions: int
    """Runs since then that compared only what was new, with that model."""
    strict: LevelFigures = LevelFigures()
    lenient: LevelFigures = LevelFigures()
    pair_weights: tuple[ControlledValue, ...]
    """Best pairs between the two by weight: below the first of `WEIGHT_EDGES`, between two, above all."""
    decoy_weights: tuple[ControlledValue, ...]
    """The same of best pairs of two records of one provider: what chance makes of strangers."""
    unlinkable_a: ControlledValue = HIDDEN
    """Records with too little in them to reach the threshold, whatever they were compared with."""
    unlinkable_b: ControlledValue = HIDDEN
    duplicates_a: ControlledValue = HIDDEN
    """Pairs of records of one provider that were taken for one person."""
    duplicates_b: ControlledValue = HIDDEN
    matches_at_least: ControlledValue = HIDDEN
    """By capture and recapture: a lower bound, for faults come together."""
    numbered: NumberedFigures = NumberedFigures()


class LinkageFigures(Value):
    """What an operator may see of one pair of providers in a linkage run, after disclosure control.

    Whether somebody is linked is a fact about a person: every number is rounded, and hidden where it
    could be about few. Where the links are hidden, so is all that follows from them.
    """

    records_a: ControlledValue
    records_b: ControlledValue
    links: ControlledValue = HIDDEN
    linked_percent_a: ControlledValue = HIDDEN
    """Links of a hundred records of the first provider, from the rounded numbers."""
    linked_percent_b: ControlledValue = HIDDEN
    candidate_pairs: ControlledValue = HIDDEN
    """Pairs that were weighed last: after a resubmission those of new and changed records. Three figures."""
    match_weight_threshold: ControlledValue = HIDDEN
    """In bits, to the nearest half."""
    false_links_percent_at_most: ControlledValue = HIDDEN
    """The estimate for a hundred links, up to the next step of a coarse scale."""
    decoys: ControlledValue = HIDDEN
    """Best pairs within one file at or above the threshold: what the estimate is made of."""
    left_out: dict[FieldName, LeftOutFigures] = Field(default_factory=dict)
    """Tokens that too many records share to be worth their pairs, by group; only groups that have any."""
    untrained_comparisons: tuple[FieldName, ...] = ()
    """Comparisons for which the data at hand taught nothing: the documented default was used."""
    seconds: dict[str, float]
    quality: QualityFigures | None = None
    """Nothing where an earlier version of the service linked."""


class SpineFigures(Value):
    """What a run did to the person spine, after disclosure control: rounded, and hidden where few."""

    records_new: ControlledValue = HIDDEN
    """Records that the run before did not have; in the first run all."""
    records_changed: ControlledValue = HIDDEN
    """Those of which an identifier changed."""
    records_gone: ControlledValue = HIDDEN
    records_withdrawn: ControlledValue = HIDDEN
    """Records that were delivered and not linked, since their provider has withdrawn the person."""
    persons_merged: ControlledValue = HIDDEN
    """Link ids that ended because their records turned out to be somebody else's."""
    persons_split: ControlledValue = HIDDEN
    """Persons under a new link id because their records turned out to be of two people."""
    persons_ended: ControlledValue = HIDDEN
    """Link ids that ended because all their records are gone."""
    kept_apart: ControlledValue = HIDDEN
    """Links not made because they would have put two NHS numbers together that no pair had weighed."""
    nhs_numbers_differ: ControlledValue = HIDDEN
    """Persons whose records have two NHS numbers."""
    dates_of_birth_differ: ControlledValue = HIDDEN
    """Persons whose records have two dates of birth."""


class RunFigures(Value):
    """The figures of a linkage run, for each pair of providers, and how they were controlled."""

    policy: Slug
    linkage_profile: LinkageProfile
    """What the linkage saw of identifiers."""
    effective_threshold: int
    rounding: FieldName
    pairs: dict[str, LinkageFigures]
    """By the two providers' ids, joined with a colon."""
    spine: SpineFigures = SpineFigures()
    repeated: dict[str, ControlledValue] = Field(default_factory=dict)
    """By provider: persons of whom it has more than one record; nobody or few are low."""


class LinkedProviders(Value):
    """Two providers whose records were linked with each other, in the order of their names."""

    first: Slug
    second: Slug
    repeated_first: ControlledValue = HIDDEN
    """Persons of whom the first provider has more than one record."""
    repeated_second: ControlledValue = HIDDEN
    figures: LinkageFigures
    """In which `a` is the first provider and `b` the second."""


class LinkageOfDataSets(Value):
    """What the linkage run behind an answer told of two data sets: controlled like any other figure."""

    data_set_from: tuple[Slug, ...]
    """Providers whose deliveries hold the data set whose people are counted."""
    linked_to_from: tuple[Slug, ...]
    policy: Slug
    linkage_profile: LinkageProfile
    effective_threshold: int
    rounding: FieldName
    providers: tuple[LinkedProviders, ...]
    """None where one provider sends both data sets: nothing had to be linked."""
