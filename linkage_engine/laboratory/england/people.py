"""People in households: couples, children, twins, fathers and sons of one name, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from linkage_engine.laboratory.england.cancers import CancerHistory, cancer_history
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.england.lifespan import (
    EXTRACT_DATE,
    ages_of_heads,
    born_on,
    death_of_other_causes,
    years_between,
)
from linkage_engine.laboratory.england.names import ETHNIC_CATEGORY, HERITAGES, Heritage
from linkage_engine.laboratory.england.nhs_number import nhs_number
from linkage_engine.laboratory.england.places import Address, Neighbourhood
from linkage_engine.laboratory.england.registrations import Registration, registrations

HOUSEHOLDS_IN_A_BLOCK = 400
PEOPLE, REGISTRY_COPIES, PRACTICE_COPIES, TRUST_EXTRACTS, COUNCIL_EXTRACTS = range(5)
PRACTICE_EVENTS, COMMUNITY_EXTRACTS, PERSONALISED_CARE, SURVEYS = range(5, 9)
"""Purposes of the dice: a change in how a provider errs leaves the people as they are."""

# Where 1 January is a usual stand-in for a day of birth that nobody wrote down.
UNRECORDED_BIRTHS = {"muslim_south_asian": 0.12, "african": 0.10, "sikh_hindu": 0.04}
LAST_UNRECORDED_YEAR = 1985


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist; all that is true of them."""

    index: int
    sex: str
    given_name: str
    middle_name: str | None
    family_name: str
    family_name_at_birth: str
    born: date
    address: Address
    earlier_address: Address
    nhs_number: str
    ethnic_category: str
    neighbourhood: Neighbourhood
    imd_quintile: int
    history: CancerHistory
    died: date | None
    registrations: tuple[Registration, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One of a household before their life is told."""

    sex: str
    born: date
    given_name: str
    family_name: str
    family_name_at_birth: str


def everybody(people: int, *, seed: int) -> Iterator[tuple[int, list[Person]]]:
    """The first so many people of a seed, with their block's number; memory for one block at a time.

    Every block has dice of its own, so more people leave the earlier blocks as they are.
    """
    block, index = 0, 0
    while index < people:
        persons = list(islice(_block(seed, block, first=index), people - index))
        yield block, persons
        index += len(persons)
        block += 1


def _block(seed: int, block: int, *, first: int) -> Iterator[Person]:
    dice = Dice(seed, block=block, purpose=PEOPLE)
    here = Neighbourhood.somewhere(dice)
    index = first
    for _ in range(HOUSEHOLDS_IN_A_BLOCK):
        heritage = Heritage(dice.draw(HERITAGES))
        address, quintile = here.address(dice), here.deprivation(dice)
        earlier = (here if dice.chance(0.5) else Neighbourhood.somewhere(dice)).address(dice)
        for member in _household(dice, heritage):
            person = _life(dice, member, heritage, here)
            yield replace(
                person,
                index=index,
                address=address,
                earlier_address=earlier,
                imd_quintile=quintile,
                nhs_number=nhs_number(index),
            )
            index += 1


def _household(dice: Dice, heritage: Heritage) -> list[Member]:
    age = dice.draw(ages_of_heads())
    head = _adult(dice, heritage, sex=dice.pick("MF"), age=age)
    if not dice.chance(0.62 if age > 25 else 0.2):  # noqa: PLR2004 - few live as couples before 25
        alone = [head]
        return alone + (_children(dice, heritage, [head]) if dice.chance(0.16) else [])
    partner_age = min(104, max(18, round(dice.spread(age + (-2.0 if head.sex == "M" else 2.0), 4.0))))
    same_sex = dice.chance(0.02)
    sex = head.sex if same_sex else ("F" if head.sex == "M" else "M")
    partner = _adult(dice, heritage, sex=sex, age=partner_age)
    couple = _married(dice, heritage, head, partner) if dice.chance(0.74) else [head, partner]
    return couple + (_children(dice, heritage, couple) if dice.chance(0.8) else [])


def _adult(dice: Dice, heritage: Heritage, *, sex: str, age: int) -> Member:
    born = _birth(dice, heritage, age)
    surname = heritage.surname(dice)
    if dice.chance(0.012):
        surname = f"{surname}-{heritage.surname(dice)}"
    surname = heritage.for_woman(surname) if sex == "F" else surname
    given = heritage.given_name(dice, sex=sex, year=born.year)
    return Member(sex, born, given, surname, surname)


def _married(dice: Dice, heritage: Heritage, head: Member, partner: Member) -> list[Member]:
    """The couple under one name: hers becomes his, a few join both, some keep their own."""
    changing, keeping = (head, partner) if head.sex == "F" else (partner, head)
    choice = dice.uniform()
    if choice < 0.86:  # noqa: PLR2004 - shares of couples, used once
        shared = heritage.for_woman(keeping.family_name) if changing.sex == "F" else keeping.family_name
    elif choice < 0.90:  # noqa: PLR2004 - as above
        shared = f"{changing.family_name}-{keeping.family_name}"
    else:
        shared = changing.family_name
    return [keeping, replace(changing, family_name=shared)]


def _children(dice: Dice, heritage: Heritage, parents: list[Member]) -> list[Member]:
    """Children at home: mostly minors, some grown up; now and then twins, or a son named after his father."""
    mother_age = min(years_between(parent.born, EXTRACT_DATE) for parent in parents)
    father = next((parent for parent in parents if parent.sex == "M"), None)
    surname = (father or parents[0]).family_name.removesuffix("ska")
    surname = f"{surname}ski" if (father or parents[0]).family_name.endswith("ska") else surname
    children: list[Member] = []
    age = int(mother_age - dice.between(20, 38))
    while age >= 0 and len(children) < 5 and dice.chance(0.88 - 0.12 * len(children)):  # noqa: PLR2004 - five at most
        if age < 18 or dice.chance(0.40 if age < 30 else 0.06):  # noqa: PLR2004 - who still lives at home
            children += _birth_of(dice, heritage, age=age, surname=surname, father=father)
        age -= dice.between(1, 5)
    return children


def _birth_of(
    dice: Dice, heritage: Heritage, *, age: int, surname: str, father: Member | None
) -> list[Member]:
    born = _birth(dice, heritage, age)
    siblings = []
    for _ in range(2 if dice.chance(0.015) else 1):
        sex = dice.pick("MF")
        given = heritage.given_name(dice, sex=sex, year=born.year)
        if father is not None and sex == "M" and dice.chance(0.035):
            given = father.given_name
        own = heritage.for_woman(surname) if sex == "F" else surname
        siblings.append(Member(sex, born, given, own, own))
    return siblings


def _birth(dice: Dice, heritage: Heritage, age: int) -> date:
    year = EXTRACT_DATE.year - age
    heaped = UNRECORDED_BIRTHS.get(heritage.name, 0.0) if year < LAST_UNRECORDED_YEAR else 0.0
    return born_on(dice, age=age, first_of_january=heaped)


def _life(dice: Dice, member: Member, heritage: Heritage, here: Neighbourhood) -> Person:
    otherwise = death_of_other_causes(dice, sex=member.sex, born=member.born)
    history = cancer_history(dice, sex=member.sex, born=member.born, last_day=otherwise or EXTRACT_DATE)
    died = min((day for day in (otherwise, history.died) if day is not None), default=None)
    if died != history.died:
        history = replace(history, died=None, fatal_site=None)
    nowhere = Address("", "")
    return Person(
        index=0,
        sex=member.sex,
        given_name=member.given_name,
        middle_name=heritage.given_name(dice, sex=member.sex, year=member.born.year)
        if dice.chance(0.7)
        else None,
        family_name=member.family_name,
        family_name_at_birth=member.family_name_at_birth,
        born=member.born,
        address=nowhere,
        earlier_address=nowhere,
        nhs_number="",
        ethnic_category=ETHNIC_CATEGORY[heritage.name],
        neighbourhood=here,
        imd_quintile=here.imd_quintile,
        history=history,
        died=died,
        registrations=registrations(dice, born=member.born, died=died, practices=here.practices),
    )
