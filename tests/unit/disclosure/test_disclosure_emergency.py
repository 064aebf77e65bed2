from __future__ import annotations

import pytest

from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.disclosure.before import before_control
from linkage_engine.disclosure.cells import ExactCell, ExactTable, Reference
from linkage_engine.disclosure.intervals import byar, wilson
from linkage_engine.disclosure.membership import memberships
from linkage_engine.disclosure.rounding import three_figures
from tests.unit.disclosure.emergency_tables import (
    KIND,
    MEASURES,
    NAMES,
    a_cell,
    a_reference,
    a_table,
    controlled,
    figures,
    tally,
)
from tests.unit.disclosure.tables import DEFAULT, HES, some
from tests.unit.disclosure.tables import a_cell as prevalence_cell
from tests.unit.disclosure.tables import a_table as prevalence_table

C, X, Z = CellStatus.CONFIDENTIAL, CellStatus.UNAVAILABLE, CellStatus.NOT_APPLICABLE
LOW, HIGH = CellStatus.LOW, CellStatus.HIGH
ALL_HIDDEN = dict.fromkeys(NAMES, C)
RATIO = ("ratio", "ratio_lower", "ratio_upper")
OUTCOMES = ("observed", "persons", *RATIO, "percent", "percent_lower", "percent_upper")
SHARE = ("percent", "percent_lower", "percent_upper")


def test_everything_is_told_of_large_numbers_and_computed_from_rounded_ones() -> None:
    """62 events print as 63; 10,000 days each at 1 and 2 a thousand: 30 expected; 40 of 100 as 39 of 99."""
    assert figures(controlled(a_cell(100, 40, 62))) == {
        "cases": 99,
        "observed": 63,
        "expected": 30,
        "ratio": 2.1,
        "ratio_lower": round(byar(63)[0] / 30, 2),
        "ratio_upper": round(byar(63)[1] / 30, 2),
        "persons": 39,
        "percent": 39.4,
        "percent_lower": round(100 * wilson(39, 99)[0], 1),
        "percent_upper": round(100 * wilson(39, 99)[1], 1),
    }


@pytest.mark.parametrize(
    ("cell", "stands", "hidden"),
    [
        (a_cell(12, 12, 20), C, NAMES),
        (a_cell(12, 0, 0), C, NAMES),
        (a_cell(100, 12, 12), LOW, OUTCOMES),
        (a_cell(100, 12, 400), LOW, OUTCOMES),
        (a_cell(100, 1, 400), LOW, OUTCOMES),
        (a_cell(100, 0, 0), LOW, OUTCOMES),
        (a_cell(100, 88, 200), HIGH, ("persons", *SHARE)),
        (a_cell(100, 100, 200), HIGH, ("persons", *SHARE)),
        (a_cell(100, 87, 200), C, ()),
        (a_cell(30, 15, 20), C, OUTCOMES),
        (a_cell(30, 0, 0), C, OUTCOMES),
        (a_cell(31, 13, 13), C, ()),
    ],
    ids=[
        "few cases",
        "few cases without events",
        "few events",
        "many events to few",
        "many events to one",
        "no events",
        "few without",
        "none without",
        "enough without",
        "too few cases for both sides",
        "too few cases for both sides, whatever happened",
        "just enough cases",
    ],
)
def test_of_few_or_nearly_all_people_only_that_is_told(
    cell: ExactCell, stands: CellStatus, hidden: tuple[str, ...]
) -> None:
    row = figures(controlled(cell))
    assert {name for name, figure in row.items() if isinstance(figure, CellStatus)} == set(hidden)
    assert {row[name] for name in hidden} <= {stands}


def test_the_rules_of_2018_show_that_nothing_happened() -> None:
    row = figures(controlled(a_cell(100, 0, 0), policy=HES))
    assert (row["observed"], row["ratio"], row["ratio_lower"]) == (0, 0, 0)
    assert row["ratio_upper"] == round(byar(0)[1] / 30, 2)


def test_no_days_at_risk_leave_nothing_to_compare_with() -> None:
    row = figures(controlled(a_cell(100, 40, 62, days=(0, 0))))
    assert row["expected"] == 0
    assert {row[name] for name in RATIO} == {X}


def test_a_cell_that_nobody_can_be_in_is_not_applicable() -> None:
    assert set(figures(controlled(a_cell(100, 40, 62, applicable=False))).values()) == {Z}


def test_events_are_expected_to_three_figures() -> None:
    assert [three_figures(n) for n in (0, 0.123456, 12.3456, 1234.56, 99.96)] == [0, 0.123, 12.3, 1230, 100]
    row = figures(controlled(a_cell(100, 40, 62, days=(12_345, 6_789))))
    assert row["expected"] == three_figures(12.345 + 13.578) == 25.9


def test_a_reference_that_is_too_small_hides_what_was_expected_and_the_ratio_but_no_count() -> None:
    row = figures(controlled(a_cell(100, 40, 62), reference=a_reference((6, 6), (900, 900), (9, 9))))
    assert {name for name, figure in row.items() if figure is C} == {"expected", *RATIO}


def test_tables_in_the_same_bins_with_the_same_time_at_risk_are_the_same_text() -> None:
    """Exact counts are in nothing that leaves: neither in limits nor in the record."""
    texts = {
        controlled(a_cell(cases, persons, events)).to_json()
        for cases, persons, events in ((97, 37, 61), (100, 40, 62), (102, 42, 66))
    }
    assert len(texts) == 1


def test_what_the_reference_holds_beyond_three_figures_changes_nothing() -> None:
    one = controlled(a_cell(100, 40, 62), reference=a_reference(events=(1000, 2000)))
    other = controlled(a_cell(100, 40, 62), reference=a_reference(events=(1001, 2001)))
    assert one.to_json() == other.to_json()


def test_the_record_counts_cells_by_rule() -> None:
    table = controlled(
        a_cell(100, 40, 62, label="A"),
        a_cell(100, 3, 4, label="B"),
        a_cell(5, 3, 4, label="C"),
        a_cell(100, 88, 200, label="D"),
        a_cell(100, 40, 62, label="E", applicable=False),
    )
    assert {rule.rule: rule.cells for rule in table.record.rules} == {
        "impossible_cell": 1,
        "population_withheld": 1,
        "count_threshold": 0,
        "events_threshold": 0,
        "reference_threshold": 0,
        "count_low": 1,
        "count_high": 1,
        "events_low": 1,
        "population_rounded": 3,
        "count_rounded": 1,
        "events_rounded": 2,
        "expected_rounded": 3,
        "share_of_rounded": 1,
        "ratio_of_rounded": 2,
        "interval_of_rounded": 2,
    }
    assert (table.record.cells, table.record.cells_hidden, table.record.cells_banded) == (5, 1, 2)


def test_the_people_behind_cases_and_events_are_kept() -> None:
    table = a_table(a_cell(100, 88, 200))
    kept = memberships(table, controlled(*table.cells))
    assert [(m.measure, m.people.size, m.shown) for m in kept] == [
        ("cases", 100, True),
        (f"{KIND}_persons", 88, False),
    ]


def test_before_control_nothing_is_rounded_merged_or_withheld() -> None:
    table = a_table(a_cell(3, 2, 5, days=(100, 1)), reference=a_reference((1, 1), (1, 2), (1000, 4)))
    (row,) = before_control(table)
    shown = dict(zip(NAMES, row, strict=True))
    assert (shown["cases"], shown["observed"], shown["persons"], shown["percent"]) == (3, 5, 2, 66.7)
    assert shown["expected"] == pytest.approx(0.1 + 0.5)
    assert shown["ratio"] == 8.33


def test_before_control_there_is_no_expectation_without_anybody_to_compare_with() -> None:
    (row,) = before_control(a_table(a_cell(3, 2, 5), reference=a_reference(days=(1000, 0))))
    shown = dict(zip(NAMES, row, strict=True))
    assert shown["expected"] is shown["ratio"] is None


def test_before_control_a_table_without_reference_has_its_counts_and_shares() -> None:
    assert before_control(prevalence_table(prevalence_cell(3, 40))) == ((3, 40, 7.5, 7500),)


def a_table_of(cell: ExactCell, reference: Reference | None) -> ExactTable:
    return ExactTable("Care", "emergency_15m", ("sex",), MEASURES, (cell,), reference)


@pytest.mark.parametrize(
    "made",
    [
        lambda: a_cell(10, 0, 3),
        lambda: a_cell(10, 3, 2),
        lambda: a_cell(10, 3, 0),
        lambda: a_cell(10, 3, 3, days=(-1, 0)),
        lambda: ExactCell(("Total",), some(9), {}, {KIND: 1}),
        lambda: a_reference(persons=(-1, 5)),
        lambda: a_reference(persons=(1, 2, 3)),
        lambda: a_reference(sexes=0),
        lambda: a_reference((1, 2, 3), (1, 2, 3), (1, 2, 3), sexes=2),
        lambda: a_table_of(a_cell(10, 3, 3), None),
        lambda: a_table_of(a_cell(10, 3, 3, days=()), None),
        lambda: a_table_of(a_cell(10, 3, 3, days=(1,)), a_reference()),
        lambda: a_table_of(ExactCell(("Total",), some(9), {}), a_reference()),
        lambda: a_table_of(ExactCell(("Total",), some(9), {KIND: some(1)}, {}, tally((1, 1))), a_reference()),
        lambda: a_table_of(a_cell(10, 3, 3), Reference(1, tally((1, 1)), tally((1, 1)), {})),
    ],
    ids=[
        "events to nobody",
        "fewer events than people",
        "people without events",
        "negative days",
        "events of no part",
        "negative people",
        "strata of another number",
        "no sex",
        "sexes of different ages",
        "days without a reference",
        "no reference",
        "days of other strata",
        "no part",
        "no events",
        "a reference without events",
    ],
)
def test_numbers_that_contradict_one_another_are_refused(made: object) -> None:
    assert callable(made)
    with pytest.raises(NotTrusted) as refusal:
        made()
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


def test_a_reference_does_not_print_what_it_holds() -> None:
    assert repr(a_reference()) == "Reference(withheld)"


def test_the_default_is_the_policy_of_these_tests() -> None:
    assert DEFAULT.threshold.persons == 10
