"""How single fields are compared: number, date of birth, home, sex and middle initial."""

from __future__ import annotations

from linkage_engine.link.model import (
    ELSE,
    HOLDS,
    SAME_POSTCODE,
    Anchor,
    Comparison,
    Level,
    all_of,
    any_of,
    equal,
    may_share,
    missing,
    shared,
)

ADDRESS = "len(list_intersect(near_address_l, near_address_r))"
"""How many tokens of words of the address are shared: up to four for each part that they are joined with."""
WORDS_OF_ONE_HOME = 3
HOME = all_of(may_share("near_address", "near_address"), f"{ADDRESS} >= {WORDS_OF_ONE_HOME}")
ONE_WORD = shared("near_address", "near_address")

NHS_NUMBER = Comparison(
    "nhs_number",
    missing("nhs_number"),
    (Level("exact", equal("nhs_number"), 0.985, 1e-7), Level("else", ELSE, 0.015, 1 - 1e-7)),
    u_is_fixed=True,
)
DOB = Comparison(
    "dob",
    missing("dob"),
    (
        Level("exact", equal("dob"), 0.95, 0.00004, rarity="dob"),
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
)
POSTCODE = Comparison(
    "postcode",
    missing("postcode"),
    (
        Level("exact", equal("postcode"), 0.85, 0.0002, rarity="postcode"),
        Level("sector", equal("sector"), 0.03, 0.0015),
        Level("else", ELSE, 0.12, 0.9983),
    ),
)
SAME_FAMILY_AT_POSTCODE = shared("near_family_postcode", "near_family_postcode")
# Who shares a home mostly shares the name: each says less where the other is known.
ADDRESS_OF_FAMILY = Comparison(
    "address_family",
    any_of(f"NOT {SAME_POSTCODE}", f"NOT {SAME_FAMILY_AT_POSTCODE}"),
    (Level("home", HOME, 0.85, 0.5), Level("else", ELSE, 0.15, 0.5)),
    Anchor.POSTCODE,
)
ADDRESS_OF_OTHERS = Comparison(
    "address_others",
    any_of(f"NOT {SAME_POSTCODE}", SAME_FAMILY_AT_POSTCODE),
    (Level("home", HOME, 0.85, 0.1), Level("else", ELSE, 0.15, 0.9)),
    Anchor.POSTCODE,
)
# Words of an address are joined with the date of birth: strangers born on one day share ROAD.
ADDRESS_AT_DOB = Comparison(
    "address_dob",
    f"NOT ({HOLDS[Anchor.DOB]})",
    (
        Level("home", HOME, 0.4, 1e-3),
        Level("street", ONE_WORD, 0.2, 0.2),
        Level("else", ELSE, 0.4, 0.799),
    ),
    Anchor.DOB,
)
ADDRESS_ELSEWHERE = Comparison(
    "address_elsewhere",
    f"NOT ({HOLDS[Anchor.NEITHER]})",
    (
        Level("home", HOME, 0.4, 1e-5),
        Level("street", ONE_WORD, 0.1, 1e-3),
        Level("else", ELSE, 0.5, 0.99899),
    ),
    u_is_fixed=True,
    is_rare=True,
)
SEX = Comparison(
    "sex", missing("sex"), (Level("exact", equal("sex"), 0.99, 0.5), Level("else", ELSE, 0.01, 0.5))
)
MIDDLE_INITIAL = Comparison(
    "middle_initial",
    missing("middle_initial"),
    (
        Level("exact", equal("middle_initial"), 0.94, 0.08, rarity="middle_initial"),
        Level("else", ELSE, 0.06, 0.92),
    ),
)
