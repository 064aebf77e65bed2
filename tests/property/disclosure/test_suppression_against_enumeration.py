"""Exact tables with cells hidden against every table that there is, and several of them together."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import ControlledTable
from tests.property.disclosure_history.exact import Exactly
from tests.unit.disclosure.people import BEGINNING, Groups, Labels, acro, decided, of_groups
from tests.unit.disclosure.tables import DENOMINATOR, NUMERATOR

AREAS = ("A", "B", "D")
THREE = acro(threshold={"persons": 3}, history={"min_difference": 3})
"""Fewer than three are protected: tables so small that every possibility can be counted."""
MOST = 6
"""Up to so many of each kind of people are tried: what has room has it within the threshold."""


def counts(most: int) -> st.SearchStrategy[tuple[int, int]]:
    pairs = st.tuples(st.integers(0, most), st.integers(0, most))
    return pairs.map(lambda pair: (pair[0] + pair[1], pair[1]))


def possible(table: ControlledTable, most: int) -> tuple[np.ndarray, list[tuple[Labels, bool, float | None]]]:
    """Every number in every table of people that looks the same, and what is shown of it."""
    atoms = list(product(AREAS, (False, True)))
    numbers = [
        (row.labels, is_part, row.values[NUMERATOR if is_part else DENOMINATOR].value)
        for row in table.rows
        for is_part in (False, True)
    ]
    lines = np.array(
        [
            [label in (area, "Total") and (counted or not is_part) for area, counted in atoms]
            for (label,), is_part, _ in numbers
        ],
        dtype=np.int64,
    )
    worlds = np.array(list(product(range(most + 1), repeat=len(atoms))), dtype=np.int8)
    for line, (_, _, told) in zip(lines, numbers, strict=True):
        if told is not None:
            worlds = worlds[worlds @ line == told]
    return worlds @ lines.T, numbers


@settings(deadline=None, max_examples=12)
@given(groups=st.fixed_dictionaries({(area,): counts(3) for area in AREAS}))
def test_no_hidden_number_is_the_only_one_possible(groups: Groups) -> None:
    done = decided(of_groups(groups), policy=THREE)
    sums, numbers = possible(done.table, MOST)
    assert sums.shape[0] > 0
    for column, (_, _, told) in zip(sums.T, numbers, strict=True):
        if told is None:
            assert column.min() < column.max()
    rests = sums[:, ::2] - sums[:, 1::2]
    true_rests = [size - inside for size, inside in [*groups.values(), _total(groups)]]
    for column, truth in zip(rests.T, true_rests, strict=True):
        assert not 0 < truth < 3 or column.min() < column.max()


def _total(groups: Groups) -> tuple[int, int]:
    sizes, insides = zip(*groups.values(), strict=True)
    return sum(sizes), sum(insides)


SITES, AGES = ("s", "t"), ("x", "y", "z")


@settings(deadline=None, max_examples=8)
@given(
    groups=st.fixed_dictionaries({key: counts(25) for key in product(SITES, AGES)}),
    gone=st.integers(0, 12),
)
def test_no_small_set_follows_from_several_tables(groups: Groups, gone: int) -> None:
    """Site by age, age by site, site by age after some people have gone: exact elimination over all shown."""
    by_age = of_groups({(key[1], key[0]): each for key, each in groups.items()})
    tables = [of_groups(groups), by_age, of_groups(_fewer(groups, gone))]
    past, shown, small = BEGINNING, [], []
    for table in tables:
        done = decided(table, past)
        past = done.after
        for cell, row in zip(table.cells, done.table.rows, strict=True):
            whole, part = frozenset(cell.population.tolist()), frozenset(cell.parts["numerator"].tolist())
            small += [each for each in (whole, part, whole - part) if 0 < len(each) < 10]
            shown += [
                each
                for each, at in ((whole, DENOMINATOR), (part, NUMERATOR))
                if row.values[at].value is not None and each
            ]
    truth = Exactly(shown, 400)
    assert truth.alone() == []
    if done.audit.groups_known_before == 0:
        assert not any(truth.determined(small))


def _fewer(groups: Groups, gone: int) -> Groups:
    """The same people without some of the last group."""
    *first, last = groups.items()
    size, inside = last[1]
    return dict([*first, (last[0], (max(0, size - gone), max(0, min(inside, size - gone))))])
