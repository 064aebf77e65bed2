"""Which parts of which identifiers make each token, as tables; a profile has some of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.pseudonymise import normalise
from linkage_engine.pseudonymise.variants import joined, soundex

_HOUSE = re.compile(r"(\d+) ([A-Z]{3,6})")

NORMALISERS: dict[str, Callable[[str], str | None]] = {
    "nhs_number": normalise.nhs_number,
    "given_name": normalise.name,
    "middle_name": normalise.name,
    "family_name": normalise.name,
    "previous_family_name": normalise.name,
    "date_of_birth": normalise.date_of_birth,
    "sex": normalise.sex,
    "postcode": normalise.postcode,
    "address": normalise.address,
}


@dataclass(frozen=True, slots=True)
class Part:
    """Something read off one normalised field; parts of one domain may be equal across fields."""

    field: str
    domain: str
    read: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of token: a key label and the parts that it joins; families of one label may meet."""

    label: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearFamily:
    """A list of tokens: every spelling near a name, each joined with an anchor of one part or two."""

    label: str
    field: str
    anchor: tuple[str, ...]
    other_field: str | None = None


def _swapped(iso: str) -> str | None:
    year, month, day = iso.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 and day != month else None  # noqa: PLR2004 - months


def _sector(code: str) -> str:
    return code[:-2] if " " in code else code[:-1]


def _district(code: str) -> str:
    """The outward code; of a code in digits all but the last two."""
    return code.split(maxsplit=1)[0] if " " in code else code[:-2]


def _letters(text: str) -> str:
    """Letters and digits in the order of the alphabet, whichever words, signs or gaps were exchanged."""
    return "".join(sorted(text.replace(" ", "")))


def _house(address: str) -> str | None:
    """The last number before a word, and that word's beginning."""
    found = _HOUSE.search(address)
    return f"{found[1]} {found[2]}" if found else None


def _told_sex(code: str) -> str | None:
    return code if code in {"1", "2"} else None


def _three(name: str) -> str:
    return joined(name)[:3]


PARTS: dict[str, Part] = {
    "nhs": Part("nhs_number", "nhs", str),
    "dob": Part("date_of_birth", "dob", str),
    "dob_swapped": Part("date_of_birth", "dob", _swapped),
    "md": Part("date_of_birth", "month-day", lambda iso: iso[5:]),
    "ym": Part("date_of_birth", "year-month", lambda iso: iso[:7]),
    "yd": Part("date_of_birth", "year-day", lambda iso: iso[:5] + iso[8:]),
    "year": Part("date_of_birth", "year", lambda iso: iso[:4]),
    "postcode": Part("postcode", "postcode", str),
    "sector": Part("postcode", "sector", _sector),
    "district": Part("postcode", "district", _district),
    "signs": Part("postcode", "signs", _letters),
    "letters": Part("address", "letters", _letters),
    "house": Part("address", "house", _house),
    "sex": Part("sex", "sex", _told_sex),
    "mi": Part("middle_name", "initial", lambda name: name[0]),
    "fn": Part("given_name", "name", joined),
    "fs": Part("given_name", "sound", soundex),
    "f1": Part("given_name", "initial", lambda name: name[0]),
    "f3": Part("given_name", "three", _three),
    "sn": Part("family_name", "name", joined),
    "ss": Part("family_name", "sound", soundex),
    "s1": Part("family_name", "initial", lambda name: name[0]),
    "s3": Part("family_name", "three", _three),
}

SCALARS: dict[str, Family] = {
    "nhs_number": Family("nhs", ("nhs",)),
    "dob": Family("dob", ("dob",)),
    "dob_swapped": Family("dob", ("dob_swapped",)),
    "dob_month_day": Family("month-day", ("md",)),
    "dob_year_month": Family("year-month", ("ym",)),
    "dob_year_day": Family("year-day", ("yd",)),
    "birth_year": Family("year", ("year",)),
    "postcode": Family("postcode", ("postcode",)),
    "sector": Family("sector", ("sector",)),
    "sex": Family("sex", ("sex",)),
    "middle_initial": Family("middle-initial", ("mi",)),
    "family_dob": Family("name dob", ("sn", "dob")),
    "given_dob": Family("name dob", ("fn", "dob")),
    "family_postcode": Family("name postcode", ("sn", "postcode")),
    "given_postcode": Family("name postcode", ("fn", "postcode")),
    "name_pair": Family("given family", ("fn", "sn")),
    "name_pair_year": Family("given family year", ("fn", "sn", "year")),
    "name_pair_sector": Family("given family sector", ("fn", "sn", "sector")),
    "name_pair_month_day": Family("given family month-day", ("fn", "sn", "md")),
    "name_pair_district": Family("given family district", ("fn", "sn", "district")),
    "name_pair_initial": Family("given family initial", ("fn", "sn", "mi")),
    "family_name": Family("name", ("sn",)),
    "given_name": Family("name", ("fn",)),
    "family_sound_dob": Family("sound dob", ("ss", "dob")),
    "given_sound_dob": Family("sound dob", ("fs", "dob")),
    "family_sound_postcode": Family("sound postcode", ("ss", "postcode")),
    "given_sound_postcode": Family("sound postcode", ("fs", "postcode")),
    "family_initial_dob": Family("initial dob", ("s1", "dob")),
    "given_initial_dob": Family("initial dob", ("f1", "dob")),
    "family_initial_postcode": Family("initial postcode", ("s1", "postcode")),
    "given_initial_postcode": Family("initial postcode", ("f1", "postcode")),
}


def _families(*listed: tuple[str, ...]) -> tuple[Family, ...]:
    return tuple(Family(" ".join(parts), parts) for parts in listed)


_COMPOSITES = _families(
    ("fs", "ss", "year"),
    ("f3", "postcode"),
    ("f1", "year", "postcode"),
    ("f3", "s3", "md"),
    ("dob", "postcode"),
    ("dob", "sector"),
    ("md", "postcode"),
    ("ym", "postcode"),
    ("yd", "postcode"),
    ("ss", "f1", "md"),
    ("ss", "f1", "ym"),
    ("ss", "f1", "yd"),
    ("fs", "s1", "md"),
    ("fs", "s1", "ym"),
    ("fs", "s1", "yd"),
    ("ss", "house"),
    ("fs", "house"),
    ("letters",),
    ("house", "year"),
    ("house", "mi"),
    ("house", "district"),
    ("ss", "signs"),
    ("fs", "signs"),
    ("fs", "ss", "mi"),
    ("f3", "mi", "district"),
    ("ss", "mi", "district"),
    ("ym", "district"),
    ("yd", "district"),
)
_NAME_PAIRS = _families(("fn", "sn", "sector"), ("fn", "sn", "mi"), ("fn", "sn", "year"))
BLOCKING: Mapping[LinkageProfile, tuple[Family, ...]] = {
    LinkageProfile.TOKENS: _COMPOSITES,
    # The pairs of names that it may have are compared too, and so columns of their own.
    LinkageProfile.TOKENS_STRICT: _COMPOSITES,
    LinkageProfile.FUZZY: _COMPOSITES + _NAME_PAIRS,
    LinkageProfile.BLOOM: _COMPOSITES + _NAME_PAIRS,
}
"""Tokens that only bring candidate pairs together; they share one list, so that none tells which it is."""

NEAR: dict[str, NearFamily] = {
    "near_family_dob": NearFamily("near dob", "family_name", ("dob",), "previous_family_name"),
    "near_given_dob": NearFamily("near dob", "given_name", ("dob",)),
    "near_family_postcode": NearFamily("near postcode", "family_name", ("postcode",), "previous_family_name"),
    "near_given_postcode": NearFamily("near postcode", "given_name", ("postcode",)),
    "near_family_given": NearFamily("near name", "family_name", ("fn",), "previous_family_name"),
    "near_given_family": NearFamily("near name", "given_name", ("sn",)),
    "near_family_given_year": NearFamily(
        "near name year", "family_name", ("fn", "year"), "previous_family_name"
    ),
    "near_given_family_year": NearFamily("near name year", "given_name", ("sn", "year")),
    "near_family_given_month_day": NearFamily(
        "near name month-day", "family_name", ("fn", "md"), "previous_family_name"
    ),
    "near_given_family_month_day": NearFamily("near name month-day", "given_name", ("sn", "md")),
    "near_family_given_district": NearFamily(
        "near name district", "family_name", ("fn", "district"), "previous_family_name"
    ),
    "near_given_family_district": NearFamily("near name district", "given_name", ("sn", "district")),
    "near_family_given_sector": NearFamily(
        "near name sector", "family_name", ("fn", "sector"), "previous_family_name"
    ),
    "near_given_family_sector": NearFamily("near name sector", "given_name", ("sn", "sector")),
}

FILTERS: dict[str, str] = {"family_filter": "family_name", "given_filter": "given_name"}
"""Of which field each Bloom filter is; its columns end in the number of the word."""

ADDRESS_ANCHORS: tuple[tuple[str, ...], ...] = (("sector",), ("dob",))
"""What the first four words of an address are joined with.

Never a name: its tokens with ROAD and with a town chain all records of the name into one class.
"""
ADDRESS_WORDS = 4
ADDRESS_WORD_LENGTH = 6
