"""How names are compared through their tokens, in each case of what else agrees, so that nothing counts twice.

A name is joined with the date of birth or the postcode; which tokens can be equal, and how often they are by
chance, depends on whether dates and postcodes agree: strangers born on one day, neighbours, twins.
"""

from __future__ import annotations

from linkage_engine.link.model import ELSE, HOLDS, Anchor, Comparison, Level, equal, missing, shared

_Chances = tuple[float, ...]


def family_and_given(
    anchor: Anchor, *, m: tuple[_Chances, _Chances], u: tuple[_Chances, _Chances], pair: str | None
) -> tuple[Comparison, Comparison]:
    """Both names in one case; `m` and `u` are those of the family name and of the given name.

    Where both names are equal the first comparison says so and the second says nothing: `pair` is the column
    by which common pairs are known, if there is one.
    """
    by = "postcode" if anchor is Anchor.POSTCODE else "dob"
    family, given = f"family_{by}", f"given_{by}"
    both = equal(pair) if pair else f"{equal(family)} AND {equal(given)}"
    over = shared(f"near_{family}", f"near_{given}"), shared(f"near_{given}", f"near_{family}")
    crossed = f"({over[0]}) AND ({over[1]})"
    rarity = pair if anchor is Anchor.DOB else None
    elsewhere = f"NOT ({HOLDS[anchor]})"
    last = (
        ("near", shared(f"near_{family}", f"near_{family}")),
        ("exchanged", crossed),
        ("sound", equal(f"family_sound_{by}")),
        ("half exchanged", f"({over[0]}) OR ({over[1]})"),
        ("initial", equal(f"family_initial_{by}")),
        ("else", ELSE),
    )
    family_levels = (
        Level("both", both, m[0][0], u[0][0], rarity),
        Level("exact", equal(family), m[0][1], u[0][1]),
        *(Level(*c, m=p, u=q) for c, p, q in zip(last, m[0][2:], u[0][2:], strict=True)),
    )
    told = f"({missing(given)}) OR {elsewhere} OR ({both}) OR (({missing(family)}) IS FALSE AND NOT ({equal(family)}) AND ({crossed}))"
    given_levels = tuple(
        Level(*c, m=p, u=q)
        for c, p, q in zip(
            (
                ("exact", equal(given)),
                ("near", shared(f"near_{given}", f"near_{given}")),
                ("sound", equal(f"given_sound_{by}")),
                ("initial", equal(f"given_initial_{by}")),
                ("else", ELSE),
            ),
            m[1],
            u[1],
            strict=True,
        )
    )
    return (
        Comparison(f"family_{anchor.value}", f"({missing(family)}) OR {elsewhere}", family_levels, anchor),
        Comparison(f"given_{anchor.value}", told, given_levels, anchor),
    )


M = (0.75, 0.13, 0.05, 0.01, 0.005, 0.005, 0.01, 0.04), (0.55, 0.2, 0.05, 0.1, 0.1)
OF_STRANGERS = (2e-5, 0.003, 0.002, 2e-5, 0.004, 1e-4, 0.07, 0.92088), (0.012, 0.006, 0.01, 0.08, 0.892)
OF_NEIGHBOURS = (0.002, 0.3, 0.01, 5e-4, 0.01, 1e-3, 0.06, 0.6165), (0.012, 0.006, 0.01, 0.08, 0.892)
OF_TWINS = (0.001, 0.6, 0.02, 1e-4, 0.01, 1e-3, 0.03, 0.3379), (0.01, 0.01, 0.02, 0.15, 0.81)


def names(pair: str | None) -> tuple[Comparison, ...]:
    """Both names in all cases in which something anchors them."""
    return (
        *family_and_given(Anchor.DOB, m=M, u=OF_STRANGERS, pair=pair),
        *family_and_given(Anchor.POSTCODE, m=M, u=OF_NEIGHBOURS, pair=pair),
        *family_and_given(Anchor.BOTH, m=M, u=OF_TWINS, pair=pair),
    )


def _pair_shared(end: str = "") -> str:
    family, given = f"near_family_given{end}", f"near_given_family{end}"
    met = ((family, family), (given, given), (family, given), (given, family))
    return " OR ".join(shared(left, right) for left, right in met)


NAME_PAIR = Comparison(
    "name_pair",
    f"({missing('name_pair')}) OR NOT ({HOLDS[Anchor.NEITHER]})",
    (
        Level("exact", equal("name_pair"), 0.78, 0.00001, "name_pair"),
        Level("near", _pair_shared(), 0.09, 0.00003),
        Level("else", ELSE, 0.13, 0.99996),
    ),
    u_is_fixed=True,
    is_rare=True,
)
