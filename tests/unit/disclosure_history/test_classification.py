"""A table as admission sees it: which sets of people stand in it, under which name and in which order."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.refusals import QueryRefused
from linkage_engine.disclosure.classification import Place, classified
from linkage_engine.disclosure.control import check_size
from tests.unit.disclosure.people import ACRO
from tests.unit.disclosure.tables import DEFAULT
from tests.unit.disclosure_history.test_release import a_table


def test_a_total_has_no_dimension_and_a_group_has_one() -> None:
    found = classified(a_table({"A": range(30), "B": range(30, 80), TOTAL: range(80)}), DEFAULT)
    assert found.table.dimension_counts == (0, 1, 1)
    assert [found.which[Place(cell)] for cell in range(3)] == [1, 2, 0]


def test_a_group_of_everybody_has_the_name_of_the_total() -> None:
    found = classified(a_table({"A": range(30), TOTAL: range(30)}), DEFAULT)
    assert found.table.dimension_counts == (0,)
    assert found.which == {Place(0): 0, Place(1): 0}


@pytest.mark.parametrize(("people", "stands"), [(0, False), (1, True), (9, True), (10, False), (13, True)])
def test_what_is_neither_few_nor_tellable_stands_nowhere(*, people: int, stands: bool) -> None:
    found = classified(a_table({"A": range(people), TOTAL: range(80)}), DEFAULT)
    assert (Place(0) in found.which) is stands


def test_where_counts_are_exact_who_is_counted_is_a_part_of_everybody() -> None:
    found = classified(a_table({"A": range(40), "B": range(40, 80), TOTAL: range(80)}), ACRO)
    counted = {found.which[Place(cell)]: found.which[Place(cell, "numerator")] for cell in range(3)}
    families = {each.parent: each.children for each in found.table.families if len(each.children) == 1}
    assert families == {whole: (part,) for whole, part in counted.items()}


@pytest.mark.parametrize(("dimensions", "cells", "fits"), [(1, 3, True), (0, 3, False), (1, 2, False)])
def test_a_table_as_large_as_the_policy_allows_is_answered(
    *, dimensions: int, cells: int, fits: bool
) -> None:
    table = a_table({"A": range(40), "B": range(40, 80), TOTAL: range(80)})
    limits = DEFAULT.limits.model_copy(update={"dims": dimensions, "cells": cells})
    policy = DEFAULT.model_copy(update={"limits": limits})
    with nullcontext() if fits else pytest.raises(QueryRefused):
        check_size(table, policy)
