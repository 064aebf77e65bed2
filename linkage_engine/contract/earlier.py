"""Earlier tables of a project that matter to a new one: for output checkers, sealed with the evidence."""

from __future__ import annotations

from enum import StrEnum

from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.contract.value import FieldName, RandomId, ShortText, Value


class Whole(StrEnum):
    """How the people of two tables lie, by the largest population that each tells."""

    SAME = "same"
    NEAR = "near"
    """They differ by fewer people than the policy protects."""
    WITHIN = "within"
    """All of the new table's people are among the earlier one's."""
    CONTAINS = "contains"
    """All of the earlier table's people are among the new one's."""
    OVERLAPS = "overlaps"
    APART = "apart"
    UNTOLD = "untold"
    """One of them tells no population."""


class CellOf(Value):
    """A cell of an earlier table."""

    release_id: RandomId
    key: str
    """Its place: `sex=Female;age_band=Total`."""


class NearPopulation(Value):
    """A cell about nearly the same people as one that was told: few are in one and not in the other."""

    labels: tuple[str, ...]
    other: CellOf
    here_only: int
    there_only: int
    told: bool
    """Whether this table tells its cell as well."""


class AlikeCount(Value):
    """A count that differs by few people from a count told before, of the same people or nearly."""

    labels: tuple[str, ...]
    measure: FieldName
    other: CellOf
    other_measure: FieldName
    differ: int
    """People who are counted in one and not in the other."""
    told: bool
    """Whether this table tells its count as well: then the two can be subtracted."""


class Withheld(Value):
    """A cell hidden because with it a small group could be computed, and from what."""

    labels: tuple[str, ...]
    people: int
    """In the smallest group that it would give away."""
    here: int
    """Cells of this table in that computation."""
    earlier: int
    """Cells told before in it."""
    cells: tuple[CellOf, ...]
    """The first of those, each as the earliest table that told it."""


class EarlierTable(Value):
    """A table that was decided for the project before."""

    release_id: RandomId
    title: ShortText
    question: SignedQuestion
    whole: Whole
    same: int
    """Cells of the new table whose people it told as well."""
    near: int
    """Cells about nearly the same people as one that it told."""
    alike: int
    """Counts that differ by few people from one that it told."""
    withheld: int
    """Cells of the new table that are hidden because of it, perhaps with others."""


class LookedBack(Value):
    """What a new table has to do with earlier ones; each list has the weightiest first and an end."""

    tables: tuple[EarlierTable, ...] = ()
    tables_that_matter: int = 0
    """How many there are, with those that are not listed."""
    near: tuple[NearPopulation, ...] = ()
    near_found: int = 0
    alike: tuple[AlikeCount, ...] = ()
    alike_found: int = 0
    alike_tables_left: int = 0
    """Tables with counts of nearly the same size of which it was not looked up who was counted."""
    withheld: tuple[Withheld, ...] = ()
    withheld_unexplained: int = 0
    """Cells hidden by history of which it was not computed with what they would give a group away."""
