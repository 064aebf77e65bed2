"""Which kinds of people an attacker thinks of, and what a pattern of hidden numbers costs."""

from __future__ import annotations

import numpy as np

from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.mechanisms.structure import Number, Structure, structure_of
from tests.unit.disclosure.people import ACRO, Groups, of_groups, shown
from tests.unit.disclosure.tables import DENOMINATOR, MEASURES, NUMERATOR, PERCENT, PROVENANCE, some


def counts_of(groups: Groups) -> dict[tuple[str, ...], float | None]:
    return shown(control(of_groups(groups), ACRO, provenance=PROVENANCE), NUMERATOR)


def kinds_in(structure: Structure, place: int) -> set[int]:
    """The kinds that a cell's population counts."""
    row = structure.rows[[structure.node[Number(place)]]]
    return set(row.indices.tolist())


def test_nobody_is_thought_to_be_in_the_total_alone_or_where_nobody_can_be() -> None:
    table = of_groups({("A",): (60, 20), ("B",): (80, 40), ("D",): (0, 0)}, impossible=[("D",)])
    structure = structure_of(table)
    a, b, d, total = (kinds_in(structure, place) for place in range(4))
    assert total == a | b
    assert not d


def test_of_three_parts_anybody_may_be_in_none_in_one_in_two_or_in_all() -> None:
    parts = ("first", "second", "third")
    measures = (
        MEASURES[DENOMINATOR],
        *(MEASURES[NUMERATOR].model_copy(update={"part": part, "name": part}) for part in parts),
    )
    cell = ExactCell(("A",), some(50), dict.fromkeys(parts, some(20)))
    structure = structure_of(ExactTable("Care", "emergency_15m", ("sex",), measures, (cell,)))
    of_parts = np.stack([structure.rows[[structure.node[Number(0, part)]]].toarray()[0] for part in parts])
    assert sorted(of_parts.sum(axis=0).tolist()) == [0, 1, 1, 1, 2, 2, 2, 3]


def test_a_hidden_number_costs_nothing_for_the_rest_beside_it_that_is_not_shown() -> None:
    """B's 30 are hidden rather than D's 31, although 8,970 others are in B."""
    counts = counts_of({("A",): (60, 4), ("B",): (9000, 30), ("D",): (90, 31)})
    assert counts == {("A",): None, ("B",): None, ("D",): 31, ("Total",): 65}


def test_a_part_with_few_beside_it_is_hidden_where_its_population_is_hidden_too() -> None:
    table = control(
        of_groups({("A",): (60, 57), ("B",): (80, 40), ("D",): (5, 2)}), ACRO, provenance=PROVENANCE
    )
    assert shown(table, DENOMINATOR)["A",] is None
    assert shown(table, NUMERATOR)["A",] is None
    assert shown(table, PERCENT)["A",] is None
