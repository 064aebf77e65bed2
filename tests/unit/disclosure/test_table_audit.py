"""The last look at a table with hidden cells: what protection got wrong does not leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from linkage_engine.contract.controlled_table import CellStatus, ControlledTable, ControlledValue
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure import table_audit
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.figures import Column, Exact, Figures, Mechanism
from linkage_engine.disclosure.mechanisms import choice
from linkage_engine.disclosure.table_audit import audit_table
from tests.unit.disclosure.people import ACRO, Groups, Labels, decided, of_groups
from tests.unit.disclosure.tables import DENOMINATOR, NUMERATOR, PROVENANCE

SMALL: Groups = {("A",): (60, 4), ("B",): (80, 40), ("D",): (90, 30)}
NAMES = ("a", "bb", "ccc", "dddd", "eeeee")
HIDDEN = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)


def undecided(exact: ExactTable, table: ControlledTable) -> bool:
    with pytest.raises(QueryRefused) as refusal:
        audit_table(exact, table, threshold=10)
    return refusal.value.code is RefusalCode.SUPPRESSION_UNDECIDED


def told(exact: ExactTable, *, hidden: Mapping[int, Sequence[Labels]], change: int = 0) -> ControlledTable:
    """Every number of people as it is but for these, whatever any rule says."""
    table = control(exact, ACRO, provenance=PROVENANCE)
    rows = []
    for row, cell in zip(table.rows, exact.cells, strict=True):
        numbers = {NUMERATOR: cell.parts["numerator"].size, DENOMINATOR: cell.population.size}
        values = tuple(
            HIDDEN
            if at not in numbers or cell.labels in hidden.get(at, ())
            else ControlledValue(value=numbers[at] + change)
            for at in range(len(row.values))
        )
        rows.append(row.model_copy(update={"values": values}))
    return table.model_copy(update={"rows": tuple(rows)})


def only_the_rules(exact: Exact, figures: Sequence[Figures]) -> list[Column]:
    """A mechanism that hides what is unsafe by itself, and nothing else."""
    return [each.told(each.numbers, where=each.allowed) for each in figures]


def one_shown_again(mechanism: Mechanism) -> Mechanism:
    """A mechanism that forgets the first number that it hid although its rule allowed it."""

    def forgetful(exact: Exact, figures: Sequence[Figures]) -> list[Column]:
        columns = [list(column) for column in mechanism(exact, figures)]
        for column, own in zip(columns, figures, strict=True):
            for at, value in enumerate(column):
                if value.value is None and own.allowed[at]:
                    column[at] = ControlledValue(value=float(own.numbers[at]))
                    return [tuple(each) for each in columns]
        return [tuple(each) for each in columns]

    return forgetful


@pytest.mark.parametrize("broken", [only_the_rules, one_shown_again(choice.MECHANISMS["suppress"])])
def test_the_gate_refuses_what_a_broken_protector_lets_through(
    monkeypatch: pytest.MonkeyPatch, broken: Mechanism
) -> None:
    monkeypatch.setattr(choice, "MECHANISMS", {"suppress": broken})
    zero: Groups = {("A",): (60, 0), ("B",): (80, 40), ("D",): (90, 30)}
    with pytest.raises(QueryRefused) as refusal:
        decided(of_groups(zero))
    assert refusal.value.code is RefusalCode.SUPPRESSION_UNDECIDED


def test_a_pattern_that_protects_is_confirmed_with_witnesses() -> None:
    exact = of_groups(SMALL)
    found = audit_table(exact, told(exact, hidden={NUMERATOR: [("A",), ("B",)]}), threshold=10)
    assert (found.hidden, found.secondary, found.determined, found.undecided) == (2, 1, 0, 0)
    assert found.programs > 0
    assert found.witnesses > 0


@pytest.mark.parametrize(
    "hidden",
    [
        {},
        {NUMERATOR: [("A",)]},
        {DENOMINATOR: [("A",), ("B",)]},
    ],
    ids=["shown", "hidden alone", "another number hidden"],
)
def test_a_small_number_that_follows_from_what_is_shown_is_refused(
    hidden: Mapping[int, Sequence[Labels]],
) -> None:
    exact = of_groups(SMALL)
    assert undecided(exact, told(exact, hidden=hidden))


def test_a_small_rest_that_follows_from_what_is_shown_is_refused() -> None:
    exact = of_groups({("A",): (60, 57), ("B",): (80, 40)})
    assert undecided(exact, told(exact, hidden={}))


def test_few_people_where_nobody_can_be_are_looked_for_too() -> None:
    exact = of_groups({("A",): (3, 1), ("B",): (80, 40)}, impossible=[("A",)])
    assert undecided(exact, told(exact, hidden={n: [("A",)] for n in (NUMERATOR, DENOMINATOR)}))


def test_a_table_that_tells_another_number_than_the_true_one_is_refused() -> None:
    exact = of_groups({("A",): (60, 20), ("B",): (80, 40)})
    assert audit_table(exact, told(exact, hidden={}), threshold=10).hidden == 0
    assert undecided(exact, told(exact, hidden={}, change=1))


def test_a_solver_without_time_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = of_groups({(a, b): (10 + len(a + b), 1 + len(b)) for a in NAMES for b in NAMES})
    table = control(exact, ACRO, provenance=PROVENANCE)
    assert audit_table(exact, table, threshold=10).hidden > len(NAMES)
    monkeypatch.setattr(table_audit, "SECONDS", 0.0)
    assert undecided(exact, table)


def test_kinds_of_people_that_cannot_be_told_apart_are_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = of_groups(SMALL)
    monkeypatch.setattr(table_audit, "_marks", lambda numbers: np.zeros((numbers, 2), dtype=np.uint64))
    assert undecided(exact, told(exact, hidden={}))


def test_of_many_parts_none_one_two_and_all_are_thought_of() -> None:
    assert len(list(table_audit._some_of(2))) == 4
    assert len(list(table_audit._some_of(5))) == 1 + 5 + 10 + 1
