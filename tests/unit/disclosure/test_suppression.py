"""Exact numbers under a policy that hides: which are told, which are hidden, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linkage_engine.contract.controlled_table import CellStatus, Statistic
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.figures import Exact
from linkage_engine.disclosure.mechanisms import suppressed
from linkage_engine.disclosure.protector import suppress
from linkage_engine.disclosure.statistics.registry import TOLD
from linkage_engine.disclosure.strictest import strictest
from linkage_engine.disclosure.table_audit import audit_table
from tests.unit.disclosure import emergency_tables
from tests.unit.disclosure.people import ACRO, Groups, acro, decided, of_groups, shown, statuses
from tests.unit.disclosure.tables import DEFAULT, DENOMINATOR, MEASURES, NUMERATOR, PERCENT, PROVENANCE, some

C, Z = CellStatus.CONFIDENTIAL, CellStatus.NOT_APPLICABLE
SOME = ("a", "bb", "ccc", "dddd", "eeeee")
LARGE: Groups = {("A",): (60, 20), ("B",): (80, 40)}


def test_large_numbers_are_told_as_they_are_and_so_is_what_is_computed_of_them() -> None:
    done = decided(of_groups(LARGE))
    assert shown(done.table, DENOMINATOR) == {("A",): 60, ("B",): 80, ("Total",): 140}
    assert shown(done.table, NUMERATOR) == {("A",): 20, ("B",): 40, ("Total",): 60}
    assert shown(done.table, PERCENT) == {("A",): 33.3, ("B",): 50.0, ("Total",): 42.9}
    assert done.suppression is not None
    assert (done.suppression.hidden, done.suppression.secondary) == (0, 0)


def test_the_record_says_that_numbers_are_exact() -> None:
    record = decided(of_groups(LARGE)).table.record
    assert (record.rounding, record.threshold, record.effective_threshold) == ("none", 10, 10)
    assert {(rule.rule, rule.action, rule.cells) for rule in record.rules} == {
        ("impossible_cell", "hidden", 0),
        ("population_withheld", "hidden", 0),
        ("count_threshold", "hidden", 0),
        ("count_low", "banded", 0),
        ("count_high", "banded", 0),
        ("population_exact", "exact", 3),
        ("count_exact", "exact", 3),
        ("share_of_exact", "recomputed", 3),
    }


def test_with_a_small_number_another_is_hidden_so_that_the_total_does_not_tell_it() -> None:
    done = decided(of_groups({("A",): (60, 4), ("B",): (80, 40), ("D",): (90, 30)}))
    counts = shown(done.table, NUMERATOR)
    assert counts["A",] is None
    assert sum(count is None for count in counts.values()) == 2
    assert None not in shown(done.table, DENOMINATOR).values()
    assert done.suppression is not None
    assert (done.suppression.hidden, done.suppression.secondary) == (2, 1)
    assert (done.suppression.determined, done.suppression.undecided) == (0, 0)
    assert done.suppression.witnesses > 0


def test_whoever_is_not_counted_is_protected_although_the_policy_asks_for_no_complement() -> None:
    assert not ACRO.threshold.complement
    done = decided(of_groups({("A",): (60, 57), ("B",): (80, 40), ("D",): (90, 30)}))
    assert None in (shown(done.table, NUMERATOR)["A",], shown(done.table, DENOMINATOR)["A",])


def test_whoever_is_not_counted_is_protected_by_the_mechanism_alone() -> None:
    table = control(of_groups({("A",): (60, 57), ("B",): (80, 40)}), ACRO, provenance=PROVENANCE)
    assert shown(table, NUMERATOR)["A",] is None
    assert shown(table, DENOMINATOR)["A",] == 60


@pytest.mark.parametrize("size", [0, 3, 9])
def test_one_cell_of_few_people_tells_nothing(size: int) -> None:
    done = decided(of_groups({(): (size, 0)}))
    assert statuses(done.table, ()) == [C, C, C, C]


def test_one_cell_of_many_people_is_told() -> None:
    assert shown(decided(of_groups({(): (50, 20)})).table, NUMERATOR) == {(): 20}


def test_a_table_of_few_people_is_hidden_whole() -> None:
    done = decided(of_groups({("A",): (2, 1), ("B",): (3, 3)}))
    assert {status for row in done.table.rows for status in (v.status for v in row.values)} == {C}


def test_a_table_without_cells_has_nothing_to_hide() -> None:
    done = decided(ExactTable("People", "prevalence", ("sex",), MEASURES, ()))
    assert done.table.rows == ()
    assert done.suppression is not None
    assert done.suppression.hidden == 0


def test_nobody_is_told_where_the_policy_says_so_and_protected_where_it_does_not() -> None:
    groups: Groups = {("A",): (60, 0), ("B",): (80, 40), ("D",): (70, 30)}
    shows = acro(threshold={"zero": {"structural": "show", "sampling": "show"}})
    assert shown(decided(of_groups(groups), policy=shows).table, NUMERATOR)["A",] == 0
    hidden = [count is None for count in shown(decided(of_groups(groups)).table, NUMERATOR).values()]
    assert sum(hidden) == 2


def test_few_people_recorded_where_nobody_can_be_do_not_follow_from_the_margins() -> None:
    groups: Groups = {
        ("A", "x"): (60, 30),
        ("A", "y"): (3, 1),
        ("B", "x"): (70, 30),
        ("B", "y"): (50, 20),
    }
    done = decided(of_groups(groups, impossible=[("A", "y")]))
    populations = shown(done.table, DENOMINATOR)
    assert statuses(done.table, ("A", "y")) == [Z, Z, Z, Z]
    assert None in (populations["A", "x"], populations["A", "Total"])


def test_a_cell_that_nobody_can_be_in_and_is_costs_nothing() -> None:
    groups: Groups = {("A", "x"): (60, 30), ("A", "y"): (0, 0), ("B", "x"): (70, 30), ("B", "y"): (50, 20)}
    done = decided(of_groups(groups, impossible=[("A", "y")]))
    assert done.suppression is not None
    assert done.suppression.hidden == 0


def test_people_in_two_groups_are_no_sum_of_them() -> None:
    """Of 100 people 40 have the one cancer, 50 the other, five of them both; 85 are counted in all."""
    everybody, one, other = some(100), some(40), some(50, start=35)
    cells = tuple(
        ExactCell((label,), everybody, {"numerator": who})
        for label, who in (("A", one), ("B", other), ("Total", some(85)))
    )
    done = decided(ExactTable("People", "prevalence", ("tumour_group",), MEASURES, cells))
    assert None not in shown(done.table, DENOMINATOR).values()
    hidden = [label for label, count in shown(done.table, NUMERATOR).items() if count is None]
    assert hidden, "five people in both could be computed"


def test_events_and_what_is_expected_are_hidden_and_people_are_told() -> None:
    """What each person contributes is not known, so nobody can say that none of them dominates."""
    table = emergency_tables.a_table(emergency_tables.a_cell(500, 200, 300))
    (row,) = control(table, ACRO, provenance=PROVENANCE).rows
    told = {
        measure.statistic.value
        for measure, value in zip(emergency_tables.MEASURES, row.values, strict=True)
        if value.value is not None
    }
    assert told == {"population", "count", "percent", "percent_lower", "percent_upper"}


@pytest.mark.parametrize("cells", [1, 2])
def test_a_table_larger_than_the_policy_allows_is_refused_before_anything_is_solved(cells: int) -> None:
    with pytest.raises(QueryRefused) as refusal:
        control(of_groups(LARGE), acro(limits={"cells": cells}), provenance=PROVENANCE)
    assert refusal.value.code is RefusalCode.TABLE_TOO_LARGE


def test_a_solver_without_time_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppressed, "SECONDS", 0.0)
    with pytest.raises(QueryRefused) as refusal:
        control(of_groups({("A",): (60, 4), ("B",): (80, 40)}), ACRO, provenance=PROVENANCE)
    assert refusal.value.code is RefusalCode.CANNOT_PROTECT


@pytest.mark.parametrize("large", [0, suppress.LARGE])
def test_tables_too_large_to_ask_for_each_number_by_itself_are_safe_too(
    monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(suppress, "SMALL", 0)
    monkeypatch.setattr(suppress, "LARGE", large)
    large_ones: Groups = {(a, b): (40 + 9 * len(a + b), 12 + 2 * len(a)) for a in SOME for b in SOME}
    table = of_groups({**large_ones, ("a", "a"): (60, 55), ("bb", "ccc"): (60, 3)})
    found = audit_table(table, control(table, ACRO, provenance=PROVENANCE), threshold=10)
    assert found.hidden > found.secondary > 0


def test_what_history_withholds_is_hidden_and_does_not_follow_from_the_table() -> None:
    table = control(
        of_groups({("A",): (60, 20), ("B",): (80, 40), ("D",): (90, 30)}),
        ACRO,
        provenance=PROVENANCE,
        withheld=[0],
        withheld_parts=[(1, "numerator")],
    )
    assert statuses(table, ("A",)) == [C, C, C, C]
    populations, counts = shown(table, DENOMINATOR), shown(table, NUMERATOR)
    assert counts["B",] is None
    assert sum(each is None for each in populations.values()) == 2
    assert sum(each is None for each in counts.values()) == 2


def test_policies_that_round_and_hide_still_contradict_each_other() -> None:
    with pytest.raises(Exception, match="policies-contradict"):
        strictest([ACRO, DEFAULT])


def test_the_same_table_is_the_same_text() -> None:
    groups: Groups = {("A", "x"): (12, 4), ("A", "y"): (30, 9), ("B", "x"): (25, 15), ("B", "y"): (5, 2)}
    assert len({decided(of_groups(groups)).table.to_json() for _ in range(3)}) == 1


def test_more_parts_than_one_share_their_population() -> None:
    measures = tuple(
        each.model_copy(update={"part": part, "name": f"{part}_{each.name}"})
        for part in ("first", "second")
        for each in MEASURES
        if each.part
    ) + tuple(each for each in MEASURES if not each.part)
    people = some(100)
    cells = (
        ExactCell(("A",), people[:50], {"first": people[:4], "second": people[2:30]}),
        ExactCell(("B",), people[50:], {"first": people[50:80], "second": people[60:90]}),
        ExactCell(
            ("Total",),
            people,
            {"first": np.r_[people[:4], people[50:80]], "second": np.r_[people[2:30], people[60:90]]},
        ),
    )
    done = decided(ExactTable("Care", "emergency_15m", ("sex",), measures, cells))
    first = shown(done.table, 0)
    assert first["A",] is None
    assert None in (first["B",], first["Total",])
    assert None not in shown(done.table, len(measures) - 1).values()


def test_a_part_of_which_only_events_are_asked_is_told_nothing_of_and_hides_nothing() -> None:
    asked = tuple(
        each
        for each in emergency_tables.MEASURES
        if each.statistic in {Statistic.POPULATION, Statistic.EVENTS, Statistic.EXPECTED}
    )
    table = emergency_tables.a_table(emergency_tables.a_cell(500, 4, 6))
    (row,) = control(replace(table, measures=asked), ACRO, provenance=PROVENANCE).rows
    assert [value.value for value in row.values] == [
        500 if each.statistic is Statistic.POPULATION else None for each in asked
    ]


def test_what_a_mechanism_is_given_does_not_show_itself() -> None:
    exact = Exact(of_groups(LARGE), ACRO)
    figures = TOLD[Statistic.POPULATION](exact, MEASURES[DENOMINATOR])
    assert repr((exact, figures)) == "(Exact(withheld), Figures(withheld))"
