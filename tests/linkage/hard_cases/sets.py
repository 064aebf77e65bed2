"""Sets of people who are hard to tell apart or to find again, among ordinary ones, in two files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from linkage_engine.contract.profiles import LinkageProfile
from linkage_engine.laboratory.england.dice import Dice
from linkage_engine.laboratory.linkage import link_files
from linkage_engine.laboratory.records import Records
from linkage_engine.laboratory.two_files.make import ENGLAND, ORDINARY, file_of
from linkage_engine.laboratory.two_files.people import Person, customs_of, population

OTHERS, SETS_OF = 600, 75
"""Ordinary people of each kind (in the first file, in both, in the second), and pairs of people in a set."""

Pair = Callable[[Person, Person], tuple[Person, Person]]


def _twins(one: Person, other: Person) -> tuple[Person, Person]:
    return one, replace(one, number=other.number, given=other.given, middle=other.middle)


def _namesakes(one: Person, other: Person) -> tuple[Person, Person]:
    born = f"{max(1901, int(one.born[:4]) - 29)}{other.born[4:]}"
    return one, replace(one, number=other.number, born=born, middle=other.middle)


def _household(one: Person, other: Person) -> tuple[Person, Person]:
    return one, replace(
        one, number=other.number, given=other.given, middle=other.middle, born=other.born, sex=other.sex
    )


def _movers(one: Person, other: Person) -> tuple[Person, Person]:
    moved = replace(one, later_address=other.address, later_postcode=other.postcode)
    return moved, replace(other, later_address=one.address, later_postcode=one.postcode)


def _remarried(one: Person, other: Person) -> tuple[Person, Person]:
    wed = replace(one, later_family=other.family)
    return wed, replace(other, later_family=f"{other.family}-{one.family}")


SETS: Mapping[str, Pair] = {
    "twins": _twins,
    "father and son": _namesakes,
    "households": _household,
    "moves": _movers,
    "remarriage": _remarried,
}


@dataclass(frozen=True, slots=True)
class Hard:
    """Two files, and the numbers of the people of each set."""

    a: Records
    b: Records
    members: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """Of one set: links that touch it, those that are right, and pairs that there are."""

    links: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        return self.right / self.links

    @property
    def recall(self) -> float:
        return self.right / self.true

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.links + self.true)


def hard_files(seed: int) -> Hard:
    """Of each pair of a set both are in both files, or both in one, or one in either, a third of each."""
    people = population(
        3 * OTHERS + 2 * SETS_OF * len(SETS), seed=seed, customs=customs_of("england", seed=seed)
    )
    everybody = sorted(people, key=lambda person: Dice(seed, block=person.number, purpose=94).uniform())
    rest = iter(everybody)
    only_a, both, only_b = ([next(rest) for _ in range(OTHERS)] for _ in range(3))
    first, second, members = [*only_a, *both], [*both, *only_b], {}
    for name, pair in SETS.items():
        pairs = [pair(next(rest), next(rest)) for _ in range(SETS_OF)]
        members[name] = frozenset(str(person.number) for each in pairs for person in each)
        for at, (one, other) in enumerate(pairs):
            first += [one, other] if at % 3 else [one]
            second += [one, other] if at % 3 == 1 else [other] if at % 3 == 0 else [one]
    a, b = (
        file_of(held, ENGLAND.fields_a, ORDINARY, Dice(seed, block=block, purpose=95), is_later=block == 2)
        for block, held in ((1, first), (2, second))
    )
    return Hard(a, b, members)


def found_in_sets(hard: Hard, profile: LinkageProfile) -> dict[str, Found]:
    """One-to-one links of each set, at the threshold chosen without truth."""
    found = link_files(hard.a, hard.b, profile=profile, threads=2, seed=1)
    pairs = found.between()
    places = found.single[pairs.weight[found.single] >= found.threshold]
    people = np.array([*hard.a.people, *hard.b.people], dtype=object)
    links = list(zip(people[pairs.left[places]], people[pairs.right[places]], strict=True))
    both = {str(person) for person in hard.a.people if person in hard.b.people}
    return {name: _scored(links, group, both) for name, group in hard.members.items()}


def _scored(links: list[tuple[str, str]], group: frozenset[str], both: set[str]) -> Found:
    touching = list(_touching(links, group))
    return Found(len(touching), sum(one == other for one, other in touching), len(group & both))


def _touching(links: list[tuple[str, str]], group: frozenset[str]) -> Iterator[tuple[str, str]]:
    return (link for link in links if group & {*link})
