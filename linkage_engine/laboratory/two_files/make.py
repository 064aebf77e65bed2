"""Two files of so many people, of whom a share is in both, with values missing and wrong at given rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage_engine.contract.tokens import IDENTIFIER_FIELDS
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.records import Records
from linkage_engine.laboratory.two_files.people import Person, customs_of, population
from linkage_engine.laboratory.two_files.spoiling import (
    other_sex,
    spoilt_date,
    spoilt_name,
    spoilt_number,
    spoilt_postcode,
    spoilt_word,
)

SWAPPED_NAMES = 0.15
"""Of the wrong names, those that stand in each other's column."""
OLD_NAME_KEPT = 0.4
OLD_HOME_KEPT = 0.2
"""How often the later file still has what was true before."""


@dataclass(frozen=True, slots=True)
class Dirt:
    """The share of values that is missing, and of those that are there the share with a fault."""

    missing: float
    wrong: float


CLEAN, ORDINARY, VERY_DIRTY = Dirt(0.01, 0.01), Dirt(0.05, 0.05), Dirt(0.20, 0.15)


@dataclass(frozen=True, slots=True)
class Layout:
    """A country's files: whose customs, and the fields that each of them has."""

    country: str
    fields_a: tuple[str, ...]
    fields_b: tuple[str, ...]


_ALL = tuple(field for field in IDENTIFIER_FIELDS if field != "nhs_number")
ENGLAND = Layout("england", _ALL, _ALL)
NUMBERED = Layout("england", ("nhs_number", *_ALL), ("nhs_number", *_ALL))
_CENSUS = ("given_name", "middle_name", "family_name", "date_of_birth", "postcode", "address")
CENSUS = Layout("made up", _CENSUS, _CENSUS)
SPARSE = Layout(
    "made up",
    ("given_name", "family_name", "date_of_birth", "sex"),
    ("given_name", "family_name", "date_of_birth", "sex"),
)
UNEVEN = Layout("england", _ALL, ("given_name", "family_name", "date_of_birth", "postcode"))

_FAULTS: dict[str, Callable[[Dice, str], str]] = {
    "nhs_number": spoilt_number,
    "given_name": spoilt_name,
    "middle_name": spoilt_name,
    "family_name": spoilt_name,
    "previous_family_name": spoilt_name,
    "date_of_birth": spoilt_date,
    "sex": other_sex,
    "postcode": spoilt_postcode,
    "address": spoilt_word,
}


def two_files(
    size: int, *, overlap: float, dirt: Dirt, seed: int, layout: Layout = ENGLAND
) -> tuple[Records, Records]:
    """`size` records in each file, `overlap` of them about people who are in both; the same for one seed."""
    both = round(size * overlap)
    everybody = list(population(2 * size - both, seed=seed, customs=customs_of(layout.country, seed=seed)))
    order = Dice(seed, block=0, purpose=92)
    drawn = sorted(range(len(everybody)), key=lambda _: order.uniform())
    shuffled = [everybody[at] for at in drawn]
    return (
        file_of(shuffled[:size], layout.fields_a, dirt, Dice(seed, block=1, purpose=93), is_later=False),
        file_of(
            shuffled[size - both :], layout.fields_b, dirt, Dice(seed, block=2, purpose=93), is_later=True
        ),
    )


def file_of(
    people: Sequence[Person], fields: tuple[str, ...], dirt: Dirt, dice: Dice, *, is_later: bool
) -> Records:
    """What is written down of some people, now or on a later day, with its faults."""
    rows = [_row(person, dirt, dice, is_later=is_later) for person in people]
    table = pa.table({name: pa.array([row[name] or None for row in rows], pa.string()) for name in fields})
    return Records(table, tuple(str(person.number) for person in people))


def _row(person: Person, dirt: Dirt, dice: Dice, *, is_later: bool) -> dict[str, str]:
    true = _truth(person, dice, is_later=is_later)
    row = {name: _written(name, text, dirt, dice) for name, text in true.items()}
    if dice.chance(dirt.wrong * SWAPPED_NAMES):
        row["given_name"], row["family_name"] = row["family_name"], row["given_name"]
    return row


def _truth(person: Person, dice: Dice, *, is_later: bool) -> dict[str, str]:
    has_new_name = is_later and not dice.chance(OLD_HOME_KEPT)
    has_moved = is_later and not dice.chance(OLD_HOME_KEPT)
    is_renamed = has_new_name and person.later_family != person.family
    return {
        "nhs_number": person.nhs_number,
        "given_name": person.given,
        "middle_name": person.middle[:1] if dice.chance(0.3) else person.middle,
        "family_name": person.later_family if has_new_name else person.family,
        "previous_family_name": person.family if is_renamed and dice.chance(OLD_NAME_KEPT) else "",
        "date_of_birth": person.born,
        "sex": person.sex,
        "postcode": person.later_postcode if has_moved else person.postcode,
        "address": person.later_address if has_moved else person.address,
    }


def _written(name: str, text: str, dirt: Dirt, dice: Dice) -> str:
    if not text or dice.chance(dirt.missing):
        return ""
    return _FAULTS[name](dice, text) if dice.chance(dirt.wrong) else text
