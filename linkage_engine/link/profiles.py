"""The linkage model of each profile: what its columns let be compared, and what brings pairs together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linkage_engine.contract.profiles import COLUMNS, FILTER_WORDS, LinkageProfile
from linkage_engine.contract.tokens import TokenColumn, TokenKind
from linkage_engine.link.model import (
    COMPARISONS,
    ELSE,
    SAME_DOB,
    SAME_POSTCODE,
    Anchor,
    Comparison,
    Level,
    equal,
    missing,
    shared,
)

_ONLY_BLOCKED = frozenset({"blocking", "near_address"})
"""Lists that bring pairs together and are not compared."""


@dataclass(frozen=True, slots=True)
class ProfileModel:
    """How the columns of one profile are used."""

    columns: Mapping[str, TokenColumn]
    comparisons: tuple[Comparison, ...]
    blocked: tuple[tuple[str, ...], ...]
    """Columns whose tokens bring candidate pairs together; columns of one group have tokens that may meet."""

    @property
    def scalars(self) -> tuple[str, ...]:
        """The columns with one value a record, all of which comparisons may name."""
        return tuple(c.name for c in self.columns.values() if c.kind is not TokenKind.LIST)

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists that comparisons may name."""
        return tuple(
            c.name for c in self.columns.values() if c.kind is TokenKind.LIST and c.name not in _ONLY_BLOCKED
        )


_ANCHORED = tuple(c for c in COMPARISONS if c.name.startswith(("family", "given")))
_WITHOUT_NAMES = tuple(c for c in COMPARISONS if c not in _ANCHORED and c.name != "name_pair")
_BLOCKED = (
    ("near_family_dob", "near_given_dob"),
    ("near_family_postcode", "near_given_postcode"),
    ("family_sound_dob", "given_sound_dob"),
    ("family_sound_postcode", "given_sound_postcode"),
    ("nhs_number",),
    ("blocking",),
    ("near_address",),
)


def _pair_shared(end: str = "") -> str:
    """A spelling near one name together with the other name is shared, also where names are exchanged."""
    family, given = f"near_family_given{end}", f"near_given_family{end}"
    met = ((family, family), (given, given), (family, given), (given, family))
    return " OR ".join(shared(left, right) for left, right in met)


def _strict_pair() -> Comparison:
    """The pair of names where neither date nor postcode agrees, but the year of birth or the sector does."""
    same = {end: f"coalesce({equal(column)}, false)" for end, column in _STRICT_ANCHORS.items()}
    either = " OR ".join(same.values())
    absent = " OR ".join(f"({same[end]}) AND ({missing(f'name_pair_{end}')})" for end in _STRICT_ANCHORS)
    return Comparison(
        "name_pair",
        f"NOT ({either}) OR {absent} OR {SAME_DOB} OR {SAME_POSTCODE}",
        (
            Level("exact", " OR ".join(equal(f"name_pair_{end}") for end in _STRICT_ANCHORS), 0.78, 0.00001),
            Level("near", " OR ".join(_pair_shared(f"_{end}") for end in _STRICT_ANCHORS), 0.09, 0.00002),
            Level("else", ELSE, 0.13, 0.99997),
        ),
        u_is_fixed=True,
    )


_STRICT_ANCHORS = {"year": "birth_year", "sector": "sector"}


_SWAPPED = "family_name_l = given_name_r AND given_name_l = family_name_r"


def _name_alone(name: str, m: tuple[float, ...], u: tuple[float, ...]) -> Comparison:
    """A name by its own token. An exchange of names is one event: the family name's comparison counts it."""
    column = f"{name}_name"
    null_sql, swapped = missing(column), [("swapped", _SWAPPED)]
    if name == "given":
        null_sql, swapped = f"({null_sql}) OR ({_SWAPPED})", []
    return Comparison(column, null_sql, _levels([("exact", equal(column)), *swapped, ("else", ELSE)], m, u))


def _spelling(name: str, other: str, m: tuple[float, ...], u: tuple[float, ...]) -> Comparison:
    """How near names are that are not equal: it can be seen only together with something that agrees."""
    near = (f"near_{name}_{anchor}" for anchor in ("dob", "postcode", other))
    conditions = (
        ("near", " OR ".join(shared(column, column) for column in near)),
        ("sound", " OR ".join(equal(f"{name}_sound_{anchor.value}") for anchor in _NAME_ANCHORS)),
        ("initial", " OR ".join(equal(f"{name}_initial_{anchor.value}") for anchor in _NAME_ANCHORS)),
        ("else", ELSE),
    )
    told = f"({equal(f'{name}_name')}) OR ({_SWAPPED})"
    null_sql = f"({missing(f'{name}_name')}) OR {told} OR NOT ({SAME_DOB} OR {SAME_POSTCODE})"
    return Comparison(f"{name}_spelling", null_sql, _levels(conditions, m, u), Anchor.DOB)


_NAME_ANCHORS = (Anchor.DOB, Anchor.POSTCODE)


def _filtered(name: str, m: tuple[float, ...], u: tuple[float, ...]) -> Comparison:
    """A name by its Bloom filter: Dice's coefficient of the bits."""
    column = f"{name}_filter"
    words = range(1, FILTER_WORDS + 1)
    both = _bits(f"{column}_{word}_l & {column}_{word}_r" for word in words)
    either = " + ".join(_bits(f"{column}_{word}_{side}" for word in words) for side in "lr")
    swapped = " AND ".join(
        f"family_filter_{word}_l = given_filter_{word}_r AND given_filter_{word}_l = family_filter_{word}_r"
        for word in words
    )
    conditions = [
        ("exact", " AND ".join(equal(f"{column}_{word}") for word in words)),
        ("swapped", swapped),
        *((f"dice {least}", f"2.0 * ({both}) >= {least} * ({either})") for least in (0.85, 0.7, 0.55)),
        ("else", ELSE),
    ]
    null_sql = missing(f"{column}_1")
    if name == "given":  # an exchange of names is one event: the family name's comparison has counted it
        null_sql, conditions = f"({null_sql}) OR ({swapped})", [conditions[0], *conditions[2:]]
    return Comparison(column, null_sql, _levels(conditions, m, u))


def _levels(
    conditions: Iterable[tuple[str, str]], m: tuple[float, ...], u: tuple[float, ...]
) -> tuple[Level, ...]:
    return tuple(Level(*c, m=p, u=q) for c, p, q in zip(conditions, m, u, strict=True))


def _bits(words: Iterable[str]) -> str:
    # DuckDB counts the bits of a BIGINT as a TINYINT, in which a sum overflows.
    return " + ".join(f"bit_count({word})::INTEGER" for word in words)


def _model(
    profile: LinkageProfile, about_names: tuple[Comparison, ...], *blocked: tuple[str, ...]
) -> ProfileModel:
    nhs_number, dob, *others = _WITHOUT_NAMES
    return ProfileModel(
        {column.name: column for column in COLUMNS[profile]},
        (nhs_number, dob, *about_names, *others),
        (*_BLOCKED, *blocked),
    )


_NEAR_PAIR = ("near_family_given", "near_given_family")
MODELS: Mapping[LinkageProfile, ProfileModel] = {
    LinkageProfile.TOKENS: _model(
        LinkageProfile.TOKENS, tuple(c for c in COMPARISONS if c not in _WITHOUT_NAMES), _NEAR_PAIR
    ),
    LinkageProfile.TOKENS_STRICT: _model(
        LinkageProfile.TOKENS_STRICT,
        (*_ANCHORED, _strict_pair()),
        *((f"near_family_given_{end}", f"near_given_family_{end}") for end in _STRICT_ANCHORS),
        *((f"name_pair_{end}",) for end in _STRICT_ANCHORS),
    ),
    LinkageProfile.FUZZY: _model(
        LinkageProfile.FUZZY,
        (
            _name_alone("family", (0.90, 0.005, 0.095), (0.003, 0.00001, 0.99699)),
            _spelling("family", "given", (0.45, 0.05, 0.1, 0.4), (0.002, 0.004, 0.07, 0.924)),
            _name_alone("given", (0.90, 0.10), (0.012, 0.988)),
            _spelling("given", "family", (0.4, 0.15, 0.25, 0.2), (0.006, 0.01, 0.08, 0.904)),
        ),
        _NEAR_PAIR,
    ),
    LinkageProfile.BLOOM: _model(
        LinkageProfile.BLOOM,
        (
            _filtered(
                "family", (0.88, 0.005, 0.03, 0.03, 0.01, 0.045), (0.003, 1e-5, 0.0002, 0.002, 0.01, 0.98479)
            ),
            _filtered("given", (0.88, 0.03, 0.03, 0.02, 0.04), (0.012, 0.0002, 0.002, 0.01, 0.9758)),
        ),
        _NEAR_PAIR,
    ),
}
"""Of each profile that a permit may name."""
