"""Made-up people live, fall ill, move and die at believable rates."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from linkage_engine.catalogue.tumour_groups import group_of, tumour_groups
from linkage_engine.laboratory.england.cancers import Tumour
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE, WINDOW_START, years_between
from linkage_engine.laboratory.england.people import Person, everybody


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [person for _, persons in everybody(20_000, seed=1) for person in persons]


@pytest.fixture(scope="module")
def alive(people: list[Person]) -> list[Person]:
    return [person for person in people if person.died is None]


def _age(person: Person) -> float:
    return years_between(person.born, EXTRACT_DATE)


def _share(people: list[Person], low: float, high: float) -> float:
    return sum(low <= _age(person) < high for person in people) / len(people)


def _counted(tumour: Tumour) -> bool:
    return tumour.site.startswith("C") and not tumour.site.startswith("C44")


def _lives_with_cancer(person: Person) -> bool:
    return any(_counted(tumour) for tumour in person.history.tumours)


def test_a_larger_england_begins_with_the_smaller_one(people: list[Person]) -> None:
    fewer = [person for _, persons in everybody(1234, seed=1) for person in persons]
    assert fewer == people[:1234]


def test_ages_are_those_of_england(alive: list[Person]) -> None:
    # Census 2021: 21 % under 18, 18 % from 65 on, 5 % from 80 on.
    assert 0.18 < _share(alive, 0, 18) < 0.25
    assert 0.15 < _share(alive, 65, 120) < 0.21
    assert 0.035 < _share(alive, 80, 120) < 0.065


def test_women_live_longer(alive: list[Person]) -> None:
    old = [person for person in alive if _age(person) >= 80]
    assert 0.52 < sum(person.sex == "F" for person in old) / len(old) < 0.66


def test_three_to_four_people_in_a_hundred_live_with_cancer(alive: list[Person]) -> None:
    assert 0.025 < sum(map(_lives_with_cancer, alive)) / len(alive) < 0.045


def test_cancer_comes_with_age(alive: list[Person]) -> None:
    shares = []
    for low, high in ((0, 40), (40, 65), (65, 80), (80, 120)):
        band = [person for person in alive if low <= _age(person) < high]
        shares.append(sum(map(_lives_with_cancer, band)) / len(band))
    assert shares == sorted(shares)
    assert shares[0] < 0.01
    assert shares[-1] > 0.12


def test_the_commonest_cancers_are_breast_lung_prostate_and_bowel(people: list[Person]) -> None:
    tumours = (tumour for person in people for tumour in person.history.tumours)
    groups = [group_of(tumour.site) for tumour in tumours if _counted(tumour)]
    sites = Counter(group.name for group in groups if group is not None)
    assert None not in groups
    assert {name for name, _ in sites.most_common(4)} == {"breast", "lung", "prostate", "bowel"}
    assert len(sites) >= 18


def test_no_tumour_is_in_an_organ_the_other_sex_has(people: list[Person]) -> None:
    only = {"M": ("C60", "C61", "C62", "C63"), "F": ("C51", "C52", "C53", "C54", "C55", "C56", "C57", "C58")}
    for person in people:
        other = only["F" if person.sex == "M" else "M"]
        assert not any(tumour.site.startswith(other) for tumour in person.history.tumours)


def test_all_cancers_of_the_catalogue_are_those_counted_here(people: list[Person]) -> None:
    tumours = [tumour for person in people for tumour in person.history.tumours]
    categories = tumour_groups().all_cancers.categories
    assert all((tumour.site[:3] in categories) == _counted(tumour) for tumour in tumours)
    assert not all(map(_counted, tumours))


def test_dates_of_a_life_are_in_order(people: list[Person]) -> None:
    for person in people:
        end = person.died or EXTRACT_DATE
        assert person.born <= end <= EXTRACT_DATE
        days = [tumour.diagnosed for tumour in person.history.tumours]
        assert days == sorted(days)
        assert all(max(person.born, WINDOW_START) <= day <= end for day in days)
        starts = [spell.start for spell in person.registrations]
        assert all(person.born <= start <= end for start in starts)
        for spell, following in zip(person.registrations, person.registrations[1:], strict=False):
            assert spell.end == following.start
        if person.died and person.registrations:
            last = person.registrations[-1].end
            assert last is not None
            assert last <= person.died + timedelta(days=1)


def test_some_people_have_a_second_tumour(people: list[Person]) -> None:
    ill = [person for person in people if person.history.tumours]
    assert 0.03 < sum(len(person.history.tumours) > 1 for person in ill) / len(ill) < 0.2


def test_households_share_a_name_and_hold_twins_and_namesakes(people: list[Person]) -> None:
    homes: dict[tuple[str, str], list[Person]] = {}
    for person in people:
        homes.setdefault((person.address.line, person.address.postcode), []).append(person)
    several = [home for home in homes.values() if len(home) > 1]
    shared = [home for home in several if len({p.family_name for p in home}) < len(home)]
    assert len(shared) / len(several) > 0.6
    keys = [Counter((p.family_name, p.born) for p in home).most_common(1)[0][1] for home in several]
    assert max(keys) >= 2
    namesakes = [
        Counter((p.family_name, p.given_name) for p in home).most_common(1)[0][1] for home in several
    ]
    assert max(namesakes) >= 2


def test_names_have_a_long_tail(people: list[Person]) -> None:
    surnames = Counter(person.family_name for person in people)
    assert surnames.most_common(1)[0][1] / len(people) < 0.03
    assert len(surnames) > 2000
    assert any("-" in name for name in surnames)
    assert surnames.keys() >= {"Patel", "Khan", "Murphy", "Nowak"}


def test_some_births_are_only_known_as_1_january(people: list[Person]) -> None:
    share = sum((person.born.month, person.born.day) == (1, 1) for person in people) / len(people)
    assert 0.004 < share < 0.03
