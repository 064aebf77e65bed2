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
    POSTCODE = "postcode"


@dataclass(frozen=True, slots=True)
class Level:
    """One outcome of a comparison: a condition, and the chance of it among matches and among non-matches."""

    label: str
    sql: str
    m: float
    u: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """An ordered list of levels, the last being everything else; null where `null_sql` holds."""

    name: str
    null_sql: str
    levels: tuple[Level, ...]
    anchor: Anchor = Anchor.NOTHING
    u_is_fixed: bool = False
    """Chance agreement is too rare to be seen in a sample: the documented u stands."""


@dataclass(frozen=True, slots=True)
class PairModel:
    """What training on two files taught: enough to weigh their pairs again."""

    comparisons: tuple[Comparison, ...]
    untrained: tuple[str, ...]
    """Comparisons for which the files taught nothing."""
    records: int
    """Of the larger file: how likely two records match before anything is compared follows from it."""

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
SAME_DOB = "coalesce(anchor_dob_l = anchor_dob_r, false)"
SAME_POSTCODE = "coalesce(anchor_postcode_l = anchor_postcode_r, false)"


def equal(column: str) -> str:
    """Both records have the same value."""
    return f"{column}_l = {column}_r"


def missing(column: str) -> str:
    """A record has no value."""
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def shared(left: str, right: str) -> str:
    """A token of the first record's list is in the second's."""
    return f"list_has_any({left}_l, {right}_r)"


def anchored(name: str, anchor: Anchor, m: tuple[float, ...], u: tuple[float, ...]) -> Comparison:
    """A family or given name compared through its tokens with one anchor."""
    column = f"{name}_{anchor.value}"
    family, given = f"family_{anchor.value}", f"given_{anchor.value}"
    swap = f"{family}_l = {given}_r AND {given}_l = {family}_r"
    apart = f"NOT {SAME_DOB}" if anchor is Anchor.DOB else f"{SAME_DOB} OR NOT {SAME_POSTCODE}"
    conditions = (
        ("exact", equal(column)),
        ("swapped", swap),
        ("near", shared(f"near_{column}", f"near_{column}")),
        ("sound", equal(f"{name}_sound_{anchor.value}")),
        ("initial", equal(f"{name}_initial_{anchor.value}")),
        ("else", ELSE),
    )
    if name == "given":  # an exchange of names is one event: the family name's comparison has counted it
        null_sql = f"({missing(column)}) OR {apart} OR ({swap})"
        kept = [(c, p, q) for c, p, q in zip(conditions, m, u, strict=True) if c[0] != "swapped"]
    else:
        null_sql = f"({missing(column)}) OR {apart}"
        kept = list(zip(conditions, m, u, strict=True))
    return Comparison(column, null_sql, tuple(Level(*c, m=p, u=q) for c, p, q in kept), anchor)


COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "nhs_number",
        missing("nhs_number"),
        (Level("exact", equal("nhs_number"), 0.985, 1e-7), Level("else", ELSE, 0.015, 1 - 1e-7)),
        u_is_fixed=True,
    ),
    Comparison(
        "dob",
        missing("dob"),
        (
            Level("exact", equal("dob"), 0.95, 0.00004),
            Level("swapped", "dob_l = dob_swapped_r", 0.008, 0.00002),
            Level(
                "two parts",
                " OR ".join(equal(f"dob_{two}") for two in ("month_day", "year_month", "year_day")),
                0.03,
                0.005,
            ),
            Level("year", equal("birth_year"), 0.004, 0.012),
            Level("else", ELSE, 0.008, 0.98294),
        ),
    ),
    anchored(
        "family", Anchor.DOB, (0.90, 0.005, 0.04, 0.005, 0.01, 0.04), (0.003, 1e-5, 0.002, 0.004, 0.07, 0.921)
    ),
    anchored(
        "given", Anchor.DOB, (0.90, 0.0, 0.04, 0.015, 0.025, 0.02), (0.012, 0.0, 0.006, 0.01, 0.08, 0.892)
    ),
    anchored(
        "family", Anchor.POSTCODE, (0.89, 0.005, 0.04, 0.005, 0.02, 0.04), (0.3, 1e-4, 0.01, 0.01, 0.06, 0.62)
    ),
    anchored(
        "given",
        Anchor.POSTCODE,
        (0.90, 0.0, 0.04, 0.015, 0.025, 0.02),
        (0.012, 0.0, 0.006, 0.01, 0.08, 0.892),
    ),
    Comparison(
        "name_pair",
        f"({missing('name_pair')}) OR {SAME_DOB} OR {SAME_POSTCODE}",
        (
            Level("exact", equal("name_pair"), 0.78, 0.00001),
            Level(
                "near",
                " OR ".join(
                    shared(left, right)
                    for left, right in (
                        ("near_family_given", "near_family_given"),
                        ("near_given_family", "near_given_family"),
                        ("near_family_given", "near_given_family"),
                        ("near_given_family", "near_family_given"),
                    )
                ),
                0.09,
                0.00002,
            ),
            Level("else", ELSE, 0.13, 0.99997),
        ),
        u_is_fixed=True,
    ),
    Comparison(
        "postcode",
        missing("postcode"),
        (
            Level("exact", equal("postcode"), 0.85, 0.0002),
            Level("sector", equal("sector"), 0.03, 0.0015),
            Level("else", ELSE, 0.12, 0.9983),
        ),
    ),
    Comparison(
        "sex", missing("sex"), (Level("exact", equal("sex"), 0.99, 0.5), Level("else", ELSE, 0.01, 0.5))
    ),
    Comparison(
        "middle_initial",
        missing("middle_initial"),
        (Level("exact", equal("middle_initial"), 0.94, 0.08), Level("else", ELSE, 0.06, 0.92)),
    ),
)

TRAINING_RULES: tuple[str, ...] = ("nhs_number", "dob", "postcode")
"""Columns whose equality brings together training pairs of which a fair share are matches."""
