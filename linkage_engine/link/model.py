"""The linkage model: what is compared, on which levels, and what each level is taken to say before training.

Evidence follows the chain rule, so that an anchor counts once: a name joined with the date of birth is
compared only where the dates agree, joined with the postcode only where the dates differ and the postcodes
agree, and the bare pair of names only where neither does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter


class Anchor(StrEnum):
    """What two records of one file must share for a comparison to speak of them."""

    NOTHING = "nothing"
    DOB = "dob"
    """The date of birth, but not the postcode."""
    POSTCODE = "postcode"
    """The postcode, but not the date of birth."""
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Level:
    """One outcome of a comparison: a condition, and the chance of it among matches and among non-matches."""

    label: str
    sql: str
    m: float
    u: float
    rarity: str | None = None
    """The column whose common values say less on this level."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An ordered list of levels, the last being everything else; null where `null_sql` holds."""

    name: str
    null_sql: str
    levels: tuple[Level, ...]
    anchor: Anchor = Anchor.NOTHING
    u_is_fixed: bool = False
    """Chance agreement is too rare to be seen in a sample: the documented u stands."""
    is_rare: bool = False
    """Its u is counted over the pairs that blocking brings together within the files."""


@dataclass(frozen=True, slots=True)
class PairModel:
    """What training on two files taught: enough to weigh their pairs again."""

    comparisons: tuple[Comparison, ...]
    untrained: tuple[str, ...]
    """Comparisons for which the files taught nothing."""
    records: int
    """Of the larger file: how likely two records match before anything is compared follows from it."""
    settled: bool = True
    """Whether training ended because nothing moved any more."""

    def compares_as(self, comparisons: tuple[Comparison, ...]) -> bool:
        """Whether it knows the same comparisons and levels: an earlier version's may not."""
        return _shape(self.comparisons) == _shape(comparisons)

    def to_json(self) -> bytes:
        """The model as text that `from_json` reads."""
        return _JSON.dump_json(self)

    @classmethod
    def from_json(cls, text: bytes) -> PairModel:
        """The model of a text; raises ValueError for one of another form."""
        return _JSON.validate_json(text)


def _shape(comparisons: tuple[Comparison, ...]) -> list[tuple[str, str, list[str]]]:
    return [(c.name, c.null_sql, [level.sql for level in c.levels]) for c in comparisons]


_JSON = TypeAdapter(PairModel)
ELSE = "ELSE"
BITS = "bits"
"""The ending of the column that tells of a list which bits its tokens have: one of 64 each."""
SAME_DOB = "coalesce(anchor_dob_l = anchor_dob_r, false)"
SAME_POSTCODE = "coalesce(anchor_postcode_l = anchor_postcode_r, false)"
HOLDS = {
    Anchor.NOTHING: "true",
    Anchor.DOB: f"{SAME_DOB} AND NOT {SAME_POSTCODE}",
    Anchor.POSTCODE: f"NOT {SAME_DOB} AND {SAME_POSTCODE}",
    Anchor.BOTH: f"{SAME_DOB} AND {SAME_POSTCODE}",
    Anchor.NEITHER: f"NOT {SAME_DOB} AND NOT {SAME_POSTCODE}",
}
"""When a pair of records is in the case that a comparison speaks of."""


def equal(column: str) -> str:
    """Both records have the same value."""
    return f"{column}_l = {column}_r"


def missing(column: str) -> str:
    """A record has no value."""
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def shared(left: str, right: str) -> str:
    """A token of the first record's list is in the second's."""
    return all_of(may_share(left, right), f"list_has_any({left}_l, {right}_r)")


def may_share(left: str, right: str) -> str:
    """False only where no token of the first record's list is in the second's: two numbers tell it."""
    return f"({left}_{BITS}_l & {right}_{BITS}_r) <> 0"


def any_of(*conditions: str) -> str:
    """One of them holds; each is looked at only where none before it does.

    DuckDB evaluates every part of an OR for every pair, and comparing lists takes most of its time.
    """
    *sooner, last = conditions
    return f"CASE {' '.join(f'WHEN {condition} THEN true' for condition in sooner)} ELSE {last} END"


def all_of(*conditions: str) -> str:
    """All of them hold; each is looked at only where all before it do."""
    *sooner, last = conditions
    unless = " ".join(f"WHEN NOT coalesce({condition}, false) THEN false" for condition in sooner)
    return f"CASE {unless} ELSE {last} END"
