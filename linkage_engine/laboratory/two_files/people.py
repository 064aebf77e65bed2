"""People in homes: couples, children, twins, a son with his father's name; all that is true of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from linkage_engine.laboratory.england.dice import Dice, Weighted
from linkage_engine.laboratory.england.names import HERITAGES, Heritage
from linkage_engine.laboratory.england.nhs_number import nhs_number

HOMES_IN_A_BLOCK = 250
LATEST = date(2023, 12, 31)
CONSONANTS = (
    "b",
    "br",
    "c",
    "ch",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "v",
    "w",
)
VOWELS = ("a", "e", "i", "o", "u", "ee", "ou")
ENDS = ("n", "r", "s", "son", "man", "ley", "t", "ck", "z", "", "ez", "ski", "ton", "l")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist, with the home and name of an earlier and of a later day."""

    number: int
    given: str
    middle: str
    family: str
    later_family: str
    born: str
    sex: str
    address: str
    postcode: str
    later_address: str
    later_postcode: str
    nhs_number: str


@dataclass(frozen=True, slots=True)
class Customs:
    """How names are given and homes are numbered in a country."""

    family: Callable[[Dice], str]
    given: Callable[[Dice, str, int], str]
    postcode: Callable[[Dice, int], str]


def population(people: int, *, seed: int, customs: Customs) -> Iterator[Person]:
    """So many people, home by home."""
    number = block = 0
    while number < people:
        dice = Dice(seed, block=block, purpose=90)
        streets = _streets(dice, customs, block)
        for _ in range(HOMES_IN_A_BLOCK):
            address, postcode = _home(dice, streets)
            for person in _family(dice, customs):
                if number < people:
                    yield _settled(
                        dice, streets, replace(person, number=number, address=address, postcode=postcode)
                    )
                    number += 1
        block += 1


def _settled(dice: Dice, streets: list[tuple[str, str]], person: Person) -> Person:
    """With a number, and where they live and what they are called on a later day."""
    address, postcode = (person.address, person.postcode) if not dice.chance(MOVED) else _home(dice, streets)
    return replace(
        person,
        later_address=address,
        later_postcode=postcode,
        later_family=person.later_family or person.family,
        nhs_number=nhs_number(person.number),
    )


MOVED = 0.08
RENAMED = 0.04
JOINED = 0.25
TWINS = 0.03
NAMESAKES = 0.06


def _family(dice: Dice, customs: Customs) -> list[Person]:
    age = dice.between(19, 92)
    name = customs.family(dice)
    sex = dice.pick("12")
    first = _someone(dice, customs, family=name, sex=sex, age=age)
    if dice.chance(0.3):
        return [_renamed(dice, customs, first)]
    partner_name = name if dice.chance(0.75) else customs.family(dice)
    partner = _someone(
        dice,
        customs,
        family=partner_name,
        sex={"1": "2", "2": "1"}[sex],
        age=max(18, age + dice.between(-5, 5)),
    )
    children: list[Person] = []
    child_age = age - dice.between(20, 38)
    while child_age >= 0 and len(children) < 5 and dice.chance(0.65):  # noqa: PLR2004 - children at home
        children += _children(dice, customs, parent=first, family=name, age=child_age)
        child_age -= dice.between(1, 5)
    return [first, _renamed(dice, customs, partner), *children]


def _children(dice: Dice, customs: Customs, *, parent: Person, family: str, age: int) -> list[Person]:
    """One child or twins, who sometimes have names that sound alike; a son may have his father's name."""
    child = _someone(dice, customs, family=family, sex=dice.pick("12"), age=age)
    if child.sex == parent.sex and dice.chance(NAMESAKES):
        child = replace(child, given=parent.given)
    if not dice.chance(TWINS):
        return [child]
    twin = _someone(
        dice, customs, family=family, sex=child.sex if dice.chance(0.6) else dice.pick("12"), age=age
    )
    return [child, replace(twin, born=child.born)]


def _someone(dice: Dice, customs: Customs, *, family: str, sex: str, age: int) -> Person:
    born = LATEST - timedelta(days=age * 365 + dice.between(0, 364))
    given = customs.given(dice, sex, born.year)
    middle = customs.given(dice, sex, born.year) if dice.chance(0.7) else ""
    return Person(0, given, middle, family, "", born.isoformat(), sex, "", "", "", "", "")


def _renamed(dice: Dice, customs: Customs, person: Person) -> Person:
    """Married, divorced or joined to a second name, now and then."""
    if person.sex != "2" or not dice.chance(RENAMED * 2):
        return person
    other = customs.family(dice)
    return replace(person, later_family=f"{person.family}-{other}" if dice.chance(JOINED) else other)


def _streets(dice: Dice, customs: Customs, block: int) -> list[tuple[str, str]]:
    """Names and postcodes of a district's streets."""
    streets = []
    for _ in range(16):
        name = made_name(dice).capitalize() if dice.chance(0.5) else dice.pick(COMMON_STREETS)
        streets.append(
            (
                f"{name} {dice.pick(('Road', 'Street', 'Lane', 'Close', 'Avenue'))}",
                customs.postcode(dice, block),
            )
        )
    return streets


COMMON_STREETS = (
    "Church",
    "Station",
    "High",
    "Park",
    "Mill",
    "Main",
    "Oak",
    "Second",
    "Maple",
    "Victoria",
    "School",
)


def _home(dice: Dice, streets: list[tuple[str, str]]) -> tuple[str, str]:
    name, code = dice.pick(streets)
    flat = f"Flat {dice.between(1, 20)} " if dice.chance(0.12) else ""
    return f"{flat}{dice.between(1, 140)} {name}", code


def made_name(dice: Dice) -> str:
    """A name that nobody bears, of one to three syllables."""
    syllables = "".join(dice.pick(CONSONANTS) + dice.pick(VOWELS) for _ in range(dice.between(1, 2)))
    return syllables + dice.pick(CONSONANTS) + dice.pick(VOWELS) + dice.pick(ENDS)


def _names_of_england() -> Customs:
    def family(dice: Dice) -> str:
        return Heritage(dice.draw(HERITAGES)).surname(dice)

    def given(dice: Dice, sex: str, year: int) -> str:
        return Heritage(dice.draw(HERITAGES)).given_name(dice, sex={"1": "M", "2": "F"}[sex], year=year)

    def postcode(dice: Dice, block: int) -> str:
        letters = "ABDEFGHJLNPQRSTUWXYZ"
        area = f"{letters[block % 20]}{letters[block // 20 % 20]}{1 + block // 400 % 60}"
        return f"{area} {dice.between(1, 5)}{dice.pick(letters)}{dice.pick(letters)}"

    return Customs(family, given, postcode)


def _names_made_up(seed: int) -> Customs:
    """Names and codes of nowhere: nothing known of England helps."""
    dice = Dice(seed, block=0, purpose=91)
    families = Weighted.ranked(sorted({made_name(dice) for _ in range(9000)}, key=hash_free), offset=12.0)
    givens = {
        sex: Weighted.ranked(sorted({made_name(dice) for _ in range(500)}, key=hash_free), offset=6.0)
        for sex in "12"
    }

    def postcode(_: Dice, block: int) -> str:
        return f"{10000 + 37 * (block % 2000)}"

    return Customs(lambda d: d.draw(families), lambda d, sex, _: d.draw(givens[sex]), postcode)


def hash_free(name: str) -> str:
    """An order that has nothing to do with the first letter."""
    return name[::-1]


def customs_of(country: str, *, seed: int) -> Customs:
    """Those of `england`, or of a country made up from the seed."""
    return _names_of_england() if country == "england" else _names_made_up(seed)
