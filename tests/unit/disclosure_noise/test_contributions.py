"""In how many counts one person is: bounded by the question, and held to by a cap."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.disclosure.differential_privacy.contributions import capped
from linkage_engine.disclosure.differential_privacy.span import Structure, contributions, distinct_places
from tests.unit.disclosure.tables import DENOMINATOR, MEASURES, NUMERATOR
from tests.unit.disclosure_noise.noisy import AGES, GROUPS, PREVALENCE, SEXES, Person, table_of_people

DIMENSIONS = ("tumour_group", "sex", "age_band")
COUNTED = (MEASURES[NUMERATOR], MEASURES[DENOMINATOR])


def bound(*dimensions: str, most_labels: int = 2, structure: Structure = PREVALENCE) -> int:
    return contributions(table_of_people([], dimensions), structure, COUNTED, most_labels=most_labels)


@pytest.mark.parametrize(
    ("dimensions", "most_labels", "expected"),
    [
        ((), 2, 1 + 1),
        (("sex",), 2, 2 + 2),
        (("sex", "age_band"), 2, 4 + 4),
        (("tumour_group",), 1, 2 + 1),
        (("tumour_group",), 2, 3 + 1),
        (("tumour_group",), 60, 5 + 1),
        (DIMENSIONS, 2, 3 * 2 * 2 + 2 * 2),
    ],
)
def test_the_bound_is_worked_out_from_the_question(
    dimensions: tuple[str, ...], most_labels: int, expected: int
) -> None:
    """Counted in the total and one sex, in the total and two groups of four; told once as population."""
    assert bound(*dimensions, most_labels=most_labels) == expected


def test_a_breakdown_without_a_rule_may_hold_everybody_in_every_label() -> None:
    free = Structure(frozenset(), frozenset(DIMENSIONS))
    assert bound("sex", most_labels=60, structure=free) == 3 + 3


def test_a_population_is_told_once_along_breakdowns_that_do_not_divide_it() -> None:
    table = table_of_people([], ("tumour_group", "sex"))
    populations = distinct_places(table, PREVALENCE, MEASURES[DENOMINATOR])
    counts = distinct_places(table, PREVALENCE, MEASURES[NUMERATOR])
    assert populations == (0, 1, 2) * (len(GROUPS) + 1)
    assert counts == tuple(range(len(table.cells)))


people = st.builds(
    Person, st.sampled_from(SEXES), st.sampled_from(AGES), st.lists(st.sampled_from(GROUPS), unique=True)
)
breakdowns = st.lists(st.sampled_from(DIMENSIONS), unique=True).map(tuple)


@given(crowd=st.lists(people, min_size=1, max_size=12), dimensions=breakdowns, most=st.integers(1, 4))
def test_nobody_is_in_more_counts_than_the_bound(
    crowd: list[Person], dimensions: tuple[str, ...], most: int
) -> None:
    """Counted one by one: whoever is left in a set after the cap, in every number that is told."""
    table = table_of_people(crowd, dimensions)
    limit, counted = bound(*dimensions, most_labels=most), np.zeros(len(crowd), dtype=np.int64)
    for measure in COUNTED:
        sets = tuple(c.population if measure.part is None else c.parts["numerator"] for c in table.cells)
        if measure.part and "tumour_group" in dimensions:
            generator = np.random.default_rng(1)
            sets = capped(table, "tumour_group", sets, most_labels=most, generator=generator)
        for place in set(distinct_places(table, PREVALENCE, measure)):
            counted[sets[place]] += 1
    assert (counted <= limit).all()


def test_the_cap_takes_labels_and_never_a_total_from_somebody() -> None:
    crowd = [Person("Female", AGES[0], GROUPS[:n]) for n in range(5)] * 40
    table = table_of_people(crowd, ("tumour_group", "sex"))
    sets = tuple(cell.parts["numerator"] for cell in table.cells)
    left = capped(table, "tumour_group", sets, most_labels=2, generator=np.random.default_rng(1))
    kept = np.zeros(len(crowd), dtype=np.int64)
    for cell, before, each in zip(table.cells, sets, left, strict=True):
        assert np.isin(each, before).all()
        if cell.labels[0] == TOTAL:
            assert np.array_equal(each, before)
        elif cell.labels[1] == TOTAL:
            kept[each] += 1
    assert kept.tolist() == [min(2, len(person.groups)) for person in crowd]


def test_which_labels_somebody_keeps_is_drawn_evenly() -> None:
    """Of 600 people in four groups with two to keep, each group loses half: six deviations are 74."""
    crowd = [Person("Female", AGES[0], GROUPS)] * 600
    table = table_of_people(crowd, ("tumour_group",))
    sets = tuple(cell.parts["numerator"] for cell in table.cells)
    left = capped(table, "tumour_group", sets, most_labels=2, generator=np.random.default_rng(1))
    assert all(abs(each.size - 300) < 74 for each in left[:-1])
    assert len({each.tobytes() for each in left}) == 5


def test_a_table_of_nobody_is_capped_to_nobody() -> None:
    table = table_of_people([], ("tumour_group",))
    sets = tuple(cell.parts["numerator"] for cell in table.cells)
    left = capped(table, "tumour_group", sets, most_labels=2, generator=np.random.default_rng(1))
    assert [each.size for each in left] == [0] * len(table.cells)


@pytest.mark.parametrize("name", ["prevalence", "emergency_15m"])
def test_every_template_says_what_its_breakdowns_are(name: str) -> None:
    template = analysis_template(name)
    assert set(template.one_label) == set(template.breakdowns) - {"tumour_group"}
    assert set(template.population_by) <= set(template.breakdowns)
    assert list(itertools.chain(template.one_label))
