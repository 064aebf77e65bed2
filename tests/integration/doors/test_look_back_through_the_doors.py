"""What checkers are told of earlier tables: those alike, and with which a hidden cell would tell of a few."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage_engine.contract.earlier import CellOf, LookedBack, Whole
from linkage_engine.contract.evidence import Evidence, Reason
from linkage_engine.disclosure.evidence import look_back
from linkage_engine.release_history import TOLD
from tests.factories import PROJECT
from tests.integration.doors.test_history_through_the_doors import (
    FIRST,
    FIRST_ID,
    MEN,
    ONE_MORE,
    SECOND_ID,
    THIRD_ID,
    WOMEN,
    a_gate,
    asked,
)


def reason_of(evidence: Evidence, label: str) -> set[Reason | None]:
    [row] = [number for number, row in enumerate(evidence.table.rows) if row.labels == (label,)]
    return set(evidence.reasons[row])


def test_a_first_table_has_nothing_behind_it(tmp_path: Path) -> None:
    evidence = asked(a_gate(tmp_path), FIRST_ID, FIRST)
    assert evidence.earlier == LookedBack()
    assert {reason for row in evidence.reasons for reason in row} == {None}


def test_a_cell_hidden_by_history_names_the_table_and_cell_it_would_be_subtracted_from(
    tmp_path: Path,
) -> None:
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    evidence = asked(door, SECOND_ID, ONE_MORE)
    assert reason_of(evidence, "Female") == reason_of(evidence, "Total") == {Reason.HISTORY}
    assert reason_of(evidence, "Male") == {None}
    by_cell = {each.labels[0]: each for each in evidence.earlier.withheld}
    assert {label: (each.people, each.here, each.earlier) for label, each in by_cell.items()} == {
        "Female": (1, 0, 1),
        "Total": (1, 0, 1),
    }
    assert by_cell["Female"].cells == (CellOf(release_id=FIRST_ID, key="sex=Female"),)
    assert evidence.earlier.withheld_unexplained == 0


def test_populations_that_differ_by_few_are_listed_with_the_newest_table_that_told_them(
    tmp_path: Path,
) -> None:
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    asked(door, THIRD_ID, FIRST)
    earlier = asked(door, SECOND_ID, ONE_MORE).earlier
    listed = {(n.labels[0], n.other.key, n.here_only, n.there_only, n.told) for n in earlier.near}
    assert listed == {("Female", "sex=Female", 1, 0, False), ("Total", "sex=Total", 1, 0, False)}
    assert {n.other.release_id for n in earlier.near} == {THIRD_ID}
    assert earlier.near_found == 2


def test_tables_are_listed_with_how_they_are_alike_those_that_hide_something_first(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST, by="grace")
    asked(door, THIRD_ID, {"Total": range(130, 190)})
    earlier = asked(door, SECOND_ID, ONE_MORE).earlier
    assert [table.release_id for table in earlier.tables] == [FIRST_ID, THIRD_ID]
    first, apart = earlier.tables
    assert (first.same, first.near, first.alike, first.withheld) == (1, 2, 2, 2)
    assert (apart.same, apart.near, apart.alike, apart.withheld) == (0, 0, 0, 0)
    assert first.question.asked_by == "grace"
    assert "cancer" in first.title
    assert (first.whole, apart.whole) == (Whole.WITHIN, Whole.APART)
    assert earlier.tables_that_matter == 1


def test_counts_of_the_same_people_that_differ_by_few_are_named_as_told(tmp_path: Path) -> None:
    """The gap of an audit that never sees an outcome: here two people are counted in one table only."""
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    evidence = asked(door, SECOND_ID, FIRST, more=2)
    assert {reason for row in evidence.reasons for reason in row} == {None}
    alike = evidence.earlier.alike
    assert {(each.labels[0], each.differ, each.told) for each in alike} == {
        ("Female", 2, True),
        ("Total", 2, True),
    }
    assert {each.other for each in alike} == {
        CellOf(release_id=FIRST_ID, key="sex=Female"),
        CellOf(release_id=FIRST_ID, key="sex=Total"),
    }
    assert {(each.measure, each.other_measure) for each in alike} == {("numerator", "numerator")}


def test_the_same_table_again_is_alike_in_nothing(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    earlier = asked(door, SECOND_ID, FIRST).earlier
    assert (earlier.near, earlier.alike, earlier.withheld) == ((), (), ())
    assert [(table.whole, table.same) for table in earlier.tables] == [(Whole.SAME, 3)]


def test_counts_that_differ_by_ten_are_not_alike(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    assert asked(door, SECOND_ID, FIRST, more=8).earlier.alike == ()


def test_counts_of_as_many_other_people_are_not_alike(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    assert asked(door, SECOND_ID, FIRST, rest=1).earlier.alike == ()


def test_cells_that_no_single_set_explains_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_back, "given_away", lambda _, hidden: [None] * len(hidden))
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    earlier = asked(door, SECOND_ID, ONE_MORE).earlier
    assert (earlier.withheld, earlier.withheld_unexplained) == ((), 2)


def test_a_table_that_told_nothing_is_said_to_have(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, {"Total": range(5)})
    [table] = asked(door, SECOND_ID, FIRST).earlier.tables
    assert table.whole is Whole.UNTOLD


def test_lists_have_an_end_and_say_how_much_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "LISTED", 1)
    monkeypatch.setattr(look_back, "LISTED_TABLES", 1)
    monkeypatch.setattr(look_back, "LISTED_CELLS", 0)
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    asked(door, THIRD_ID, FIRST)
    earlier = asked(door, SECOND_ID, {**ONE_MORE, "Men": MEN, "Women": WOMEN}, more=2).earlier
    assert (len(earlier.tables), len(earlier.near), len(earlier.alike), len(earlier.withheld)) == (1, 1, 1, 1)
    assert earlier.tables_that_matter == 2
    assert earlier.near_found == 2
    assert earlier.alike_found > 1
    assert earlier.alike_tables_left == 1
    assert earlier.withheld_unexplained == 1
    assert earlier.withheld[0].cells == ()


def test_looking_back_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tables are told, and the same is kept of them, whether or not anybody looks back."""
    with_it, without = a_gate(tmp_path / "with"), a_gate(tmp_path / "without")
    looked = [asked(with_it, n, cells).table for n, cells in ((FIRST_ID, FIRST), (SECOND_ID, ONE_MORE))]
    monkeypatch.setattr("linkage_engine.boundary.look_back", lambda *_: LookedBack())
    blind = [asked(without, n, cells).table for n, cells in ((FIRST_ID, FIRST), (SECOND_ID, ONE_MORE))]
    assert looked == blind


def test_what_was_told_is_read_at_once_after_many_tables_and_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one, together = a_gate(tmp_path / "one"), a_gate(tmp_path / "together")
    tables = ((FIRST_ID, FIRST), (SECOND_ID, {"Total": range(5)}), (THIRD_ID, ONE_MORE), ("44" * 16, FIRST))
    seen = [asked(one_by_one, release_id, cells).earlier for release_id, cells in tables]
    assert not one_by_one.inside.vault.exists(PROJECT, TOLD)
    monkeypatch.setattr("linkage_engine.release_history.MANY", 1)
    assert [asked(together, release_id, cells).earlier for release_id, cells in tables] == seen
    assert set(together.inside.vault.read(PROJECT, TOLD)["table"].to_pylist()) == {0, 2}
