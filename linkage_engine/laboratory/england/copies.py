"""What one provider has on file about somebody: the truth, as it was understood, typed and kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE, years_between
from linkage_engine.laboratory.england.mistakes import (
    in_everyday_form,
    misspelt,
    mistaken_birth,
    mistyped_number,
)
from linkage_engine.laboratory.england.people import Person
from linkage_engine.laboratory.england.places import Address


@dataclass(frozen=True, slots=True)
class Habits:
    """How often a provider errs, as probabilities of a record.

    Mistakes come together, as in life: a careless record errs `carelessness` times as often.
    """

    no_nhs_number: float
    mistyped_nhs_number: float
    no_middle_name: float
    no_postcode: float
    everyday_name: float
    misspelt_given_name: float
    misspelt_family_name: float
    names_swapped: float
    mistaken_birth: float
    mistaken_sex: float
    mistyped_postcode: float
    careless: float = 0.22
    carelessness: float = 10.0


REGISTRY = Habits(
    no_nhs_number=0.10,
    mistyped_nhs_number=0.004,
    no_middle_name=0.35,
    no_postcode=0.03,
    everyday_name=0.03,
    misspelt_given_name=0.03,
    misspelt_family_name=0.03,
    names_swapped=0.008,
    mistaken_birth=0.028,
    mistaken_sex=0.003,
    mistyped_postcode=0.025,
)
PRACTICE = Habits(
    no_nhs_number=0.07,
    mistyped_nhs_number=0.002,
    no_middle_name=0.25,
    no_postcode=0.015,
    everyday_name=0.06,
    misspelt_given_name=0.022,
    misspelt_family_name=0.022,
    names_swapped=0.006,
    mistaken_birth=0.018,
    mistaken_sex=0.002,
    mistyped_postcode=0.015,
)
TRUST = Habits(
    no_nhs_number=0.05,
    mistyped_nhs_number=0.003,
    no_middle_name=0.55,
    no_postcode=0.02,
    everyday_name=0.04,
    misspelt_given_name=0.03,
    misspelt_family_name=0.03,
    names_swapped=0.008,
    mistaken_birth=0.022,
    mistaken_sex=0.004,
    mistyped_postcode=0.02,
)
COUNCIL = Habits(
    no_nhs_number=0.38,
    mistyped_nhs_number=0.01,
    no_middle_name=0.80,
    no_postcode=0.03,
    everyday_name=0.09,
    misspelt_given_name=0.03,
    misspelt_family_name=0.03,
    names_swapped=0.008,
    mistaken_birth=0.025,
    mistaken_sex=0.004,
    mistyped_postcode=0.02,
)
# A move is this likely a year; the registry keeps the address and the name of the first diagnosis.
MOVES_A_YEAR = 0.05
NAME_CHANGED_SINCE = 0.18
PREVIOUS_NAME_KEPT = 0.3
OLD_ADDRESS_KEPT = 0.04
OLD_ADDRESS_AT_TRUST = 0.09
OLD_ADDRESS_AT_COUNCIL = 0.06
NAME_CHANGED_RECENTLY = 0.05


@dataclass(frozen=True, slots=True)
class Copy:
    """The identifiers of one person at one provider; None where it has none."""

    nhs_number: str | None
    given_name: str
    middle_name: str | None
    family_name: str
    previous_family_name: str | None
    born: date
    sex: str
    address: Address
    postcode: str | None


def registry_copy(person: Person, dice: Dice) -> Copy:
    """The cancer registry's: address and surname as they were at the first diagnosis."""
    years = years_between(person.history.tumours[0].diagnosed, person.died or EXTRACT_DATE)
    moved = dice.chance(1 - math.exp(-MOVES_A_YEAR * years))
    as_born = dice.chance(NAME_CHANGED_SINCE)
    return _copied(
        person,
        dice,
        REGISTRY,
        address=person.earlier_address if moved else person.address,
        family_name=person.family_name_at_birth if as_born else person.family_name,
        keeps_previous_name=False,
    )


def practice_copy(person: Person, dice: Dice) -> Copy:
    """The general practice's: the present address and surname, mostly."""
    is_old = dice.chance(OLD_ADDRESS_KEPT)
    return _copied(
        person,
        dice,
        PRACTICE,
        address=person.earlier_address if is_old else person.address,
        family_name=person.family_name,
        keeps_previous_name=dice.chance(PREVIOUS_NAME_KEPT),
    )


def trust_copy(person: Person, dice: Dice) -> Copy:
    """The hospital trust's: as at the last visit."""
    is_old = dice.chance(OLD_ADDRESS_AT_TRUST)
    as_born = dice.chance(NAME_CHANGED_RECENTLY)
    return _copied(
        person,
        dice,
        TRUST,
        address=person.earlier_address if is_old else person.address,
        family_name=person.family_name_at_birth if as_born else person.family_name,
        keeps_previous_name=False,
    )


def council_copy(person: Person, dice: Dice) -> Copy:
    """The council's: often without an NHS number, which social care did not ask for."""
    is_old = dice.chance(OLD_ADDRESS_AT_COUNCIL)
    return _copied(
        person,
        dice,
        COUNCIL,
        address=person.earlier_address if is_old else person.address,
        family_name=person.family_name,
        keeps_previous_name=False,
    )


def _copied(
    person: Person,
    dice: Dice,
    habits: Habits,
    *,
    address: Address,
    family_name: str,
    keeps_previous_name: bool,
) -> Copy:
    factor = habits.carelessness if dice.chance(habits.careless) else 1.0

    def errs(probability: float) -> bool:
        return dice.chance(min(0.5, probability * factor))

    family = misspelt(dice, family_name) if errs(habits.misspelt_family_name) else family_name
    given = in_everyday_form(dice, person.given_name) if errs(habits.everyday_name) else person.given_name
    given = misspelt(dice, given) if errs(habits.misspelt_given_name) else given
    if errs(habits.names_swapped):
        given, family = family, given
    has_changed = person.family_name != person.family_name_at_birth
    return Copy(
        nhs_number=_number(person, dice, habits),
        given_name=given,
        middle_name=None if dice.chance(habits.no_middle_name) else person.middle_name,
        family_name=family,
        previous_family_name=person.family_name_at_birth if has_changed and keeps_previous_name else None,
        born=mistaken_birth(dice, person.born) if errs(habits.mistaken_birth) else person.born,
        sex={"M": "F", "F": "M"}[person.sex] if errs(habits.mistaken_sex) else person.sex,
        address=address,
        postcode=_postcode(
            dice, address, is_missing=errs(habits.no_postcode), errs=errs(habits.mistyped_postcode)
        ),
    )


def _number(person: Person, dice: Dice, habits: Habits) -> str | None:
    if dice.chance(habits.no_nhs_number):
        return None
    if dice.chance(habits.mistyped_nhs_number):
        return mistyped_number(dice, person.nhs_number)
    return person.nhs_number


def _postcode(dice: Dice, address: Address, *, is_missing: bool, errs: bool) -> str | None:
    if is_missing:
        return None
    last = address.postcode[-1]
    return address.postcode[:-1] + ("B" if last == "D" else "D") if errs else address.postcode
