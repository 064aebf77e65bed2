"""How names are compared by their tokens, in each case of what else agrees, so that nothing counts twice.

A name is joined with the date of birth or the postcode; which tokens can be equal, and how often they are by
chance, depends on whether dates and postcodes agree: strangers born on one day, neighbours, twins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linkage_engine.contract.profiles import FILTER_WORDS
from linkage_engine.link.model import (
    ELSE,
    HOLDS,
    Anchor,
    Comparison,
    Level,
    all_of,
    any_of,
    equal,
    missing,
    shared,
)

Chances = tuple[float, ...]
NEAR_PAIR = "near_pair"
NEARLY = shared(NEAR_PAIR, NEAR_PAIR)
"""A spelling near one name together with the other name is shared, also where names are exchanged."""
ALIKE, ROUGHLY_ALIKE = 0.8, 0.6
"""Dice's coefficients of two filters from which names are spellings of one, and from which somewhat alike."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the columns of a profile show of names."""

    pair: str | None = None
    """The token of both names alone, by which common pairs are known."""
    has_single_names: bool = False
    has_filters: bool = False

    def column(self, name: str, by: str) -> str:
        """The token of one whole name."""
        return f"{name}_name" if self.has_single_names else f"{name}_{by}"

    def or_alike(self, condition: str, name: str, least: float) -> str:
        """A condition, or names that are alike letter by letter where that can be seen."""
        if not self.has_filters:
            return condition
        return any_of(condition, f"coalesce({dice_of_filters(name)} >= {least}, false)")


def of_case(anchor: Anchor, sight: Sight, u: tuple[Chances, Chances]) -> tuple[Comparison, Comparison]:
    """The family name and the given name in one case; `u` documents chance agreement of each.

    Where both names are equal the first comparison says so and the second says nothing; so it is where they
    are exchanged.
    """
    by = "postcode" if anchor is Anchor.POSTCODE else "dob"
    family, given = sight.column("family", by), sight.column("given", by)
    near_family, near_given = f"near_family_{by}", f"near_given_{by}"
    over, back = shared(near_family, near_given), shared(near_given, near_family)
    both = equal(sight.pair) if sight.pair else f"{equal(family)} AND {equal(given)}"
    # Neighbours of one name are father and son: how common their name is says nothing there.
    rarity = sight.pair if anchor is Anchor.DOB else None
    of_family = (
        ("both", both),
        ("exact", equal(family)),
        ("near", sight.or_alike(shared(near_family, near_family), "family", ALIKE)),
        ("exchanged", all_of(over, back)),
        ("sound", sight.or_alike(equal(f"family_sound_{by}"), "family", ROUGHLY_ALIKE)),
        ("half exchanged", any_of(over, back)),
        ("initial", equal(f"family_initial_{by}")),
        ("else", ELSE),
    )
    of_given = (
        ("exact", equal(given)),
        ("near", sight.or_alike(shared(near_given, near_given), "given", ALIKE)),
        ("sound", sight.or_alike(equal(f"given_sound_{by}"), "given", ROUGHLY_ALIKE)),
        ("initial", equal(f"given_initial_{by}")),
        ("else", ELSE),
    )
    elsewhere = f"NOT ({HOLDS[anchor]})"
    exchanged = all_of(f"{family}_l <> {family}_r", over, back)
    return (
        Comparison(
            f"family_{anchor.value}",
            f"({missing(family)}) OR {elsewhere}",
            _levels(of_family, M_FAMILY, u[0], rarity),
            anchor,
        ),
        Comparison(
            f"given_{anchor.value}",
            any_of(missing(given), elsewhere, both, exchanged),
            _levels(of_given, M_GIVEN, u[1]),
            anchor,
        ),
    )


M_FAMILY: Chances = (0.75, 0.13, 0.05, 0.01, 0.005, 0.005, 0.01, 0.04)
M_GIVEN: Chances = (0.55, 0.2, 0.05, 0.1, 0.1)
STRANGERS = (2e-5, 0.003, 0.002, 2e-5, 0.004, 1e-4, 0.07, 0.92088), (0.012, 0.006, 0.01, 0.08, 0.892)
NEIGHBOURS = (0.002, 0.3, 0.01, 5e-4, 0.01, 1e-3, 0.06, 0.6165), (0.012, 0.006, 0.01, 0.08, 0.892)
TWINS = (0.001, 0.6, 0.02, 1e-4, 0.01, 1e-3, 0.03, 0.3379), (0.01, 0.01, 0.02, 0.15, 0.81)


def anchored(sight: Sight) -> tuple[Comparison, ...]:
    """Both names in every case in which date of birth or postcode agrees."""
    cases = ((Anchor.DOB, STRANGERS), (Anchor.POSTCODE, NEIGHBOURS), (Anchor.BOTH, TWINS))
    return tuple(comparison for anchor, u in cases for comparison in of_case(anchor, sight, u))


def pair_with(anchors: Mapping[str, str | None]) -> Comparison:
    """The pair of names where only a lesser anchor agrees: by the ending of its columns, and its own column.

    An anchor without a column shows only where the names agree too.
    """
    same = {end: f"coalesce({equal(column)}, false)" for end, column in anchors.items() if column}
    absent = " OR ".join(f"({same[end]}) AND ({missing(f'name_pair_{end}')})" for end in same)
    exact = " OR ".join(f"coalesce({equal(f'name_pair_{end}')}, false)" for end in anchors)
    seen = any_of(*same.values(), exact, NEARLY)
    return _pair(
        any_of(f"NOT ({HOLDS[Anchor.NEITHER]})", absent, f"NOT {seen}"),
        (("exact", exact), ("near", NEARLY), ("else", ELSE)),
    )


def alone(sight: Sight) -> tuple[Comparison, Comparison]:
    """Each name where neither date nor postcode agrees, by its own token or filter."""
    found = []
    for name, m, u in (("family", 0.85, 0.003), ("given", 0.82, 0.012)):
        if sight.has_filters:
            told, dice = missing(f"{name}_filter_1"), dice_of_filters(name)
            levels = (("exact", f"{dice} = 1"), ("near", f"{dice} >= {ALIKE}"), ("else", ELSE))
        else:
            column, other = f"{name}_name", {"family": "given_name", "given": "family_name"}[name]
            told, swapped = missing(column), f"{column}_l = {other}_r AND {other}_l = {column}_r"
            levels = (
                ("exact", equal(column)),
                ("near", any_of(swapped, NEARLY)),
                ("else", ELSE),
            )
        chances = (m, 0.08, 0.92 - m), (u, u, 1 - 2 * u)
        null_sql = f"({told}) OR NOT ({HOLDS[Anchor.NEITHER]})"
        rarity = None if sight.has_filters else f"{name}_name"
        found.append(Comparison(f"{name}_alone", null_sql, _levels(levels, *chances, rarity)))
    family, given = found
    return family, given


def dice_of_filters(name: str) -> str:
    """Dice's coefficient of the bits of two filters."""
    column, words = f"{name}_filter", range(1, FILTER_WORDS + 1)
    both = _bits(f"{column}_{word}_l & {column}_{word}_r" for word in words)
    either = " + ".join(_bits(f"{column}_{word}_{side}" for word in words) for side in "lr")
    return f"(2.0 * ({both}) / ({either}))"


def _pair(null_sql: str, conditions: tuple[tuple[str, str], ...]) -> Comparison:
    levels = _levels(conditions, (0.78, 0.09, 0.13), (1e-5, 3e-5, 0.99996))
    return Comparison("name_pair", null_sql, levels, u_is_fixed=True, is_rare=True)


def _levels(
    conditions: Iterable[tuple[str, str]], m: Chances, u: Chances, rarity: str | None = None
) -> tuple[Level, ...]:
    """Levels in order; common values say less on the first one."""
    found = zip(conditions, m, u, strict=True)
    return tuple(
        Level(label, sql, p, q, rarity if at == 0 else None) for at, ((label, sql), p, q) in enumerate(found)
    )


def _bits(words: Iterable[str]) -> str:
    # DuckDB counts the bits of a BIGINT as a TINYINT, in which a sum overflows.
    return " + ".join(f"bit_count({word})::INTEGER" for word in words)
