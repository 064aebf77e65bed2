"""Checkers are told the first rule that hides each number; readers see one shorthand for most of them."""

from __future__ import annotations

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
)
from linkage_engine.contract.evidence import Reason
from linkage_engine.disclosure.cells import ExactCell
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.evidence.here import here
from linkage_engine.disclosure.evidence.reasons import Reasons, reasons
from linkage_engine.disclosure.policy import Policy
from tests.unit.disclosure import emergency_tables
from tests.unit.disclosure.people import ACRO, decided
from tests.unit.disclosure.tables import DEFAULT, HES, PROVENANCE, a_cell, a_table
from tests.unit.disclosure_noise.noisy import a_dashboard

HIDDEN = ControlledValue(value=None, status=CellStatus.CONFIDENTIAL)
SHOWN = ControlledValue(value=15)


def of(*cells: ExactCell, policy: Policy = DEFAULT, withheld: tuple[int, ...] = ()) -> list[Reasons]:
    exact = a_table(*cells)
    table = control(exact, policy, provenance=PROVENANCE, withheld=withheld)
    return list(reasons(exact, table, policy, withheld=withheld))


def test_a_decided_table_does_not_print_its_cells() -> None:
    exact = a_table(a_cell(50, 100))
    assert repr(here(exact, decided(exact, policy=DEFAULT), DEFAULT)) == "Here(withheld)"


def test_a_shown_number_has_no_reason() -> None:
    assert of(a_cell(50, 100)) == [(None,) * 4]


def test_a_small_cell_is_hidden_whole() -> None:
    assert of(a_cell(5, 9), a_cell(0, 0, "A")) == [(Reason.TOO_FEW,) * 4] * 2


def test_few_counted_hide_the_count_and_what_is_computed_from_it() -> None:
    few = (Reason.TOO_FEW, None, Reason.TOO_FEW, Reason.TOO_FEW)
    assert of(a_cell(3, 100)) == [few]


def test_few_not_counted_are_the_complement() -> None:
    rest = (Reason.COMPLEMENT, None, Reason.COMPLEMENT, Reason.COMPLEMENT)
    assert of(a_cell(97, 100)) == [rest]
    assert of(a_cell(97, 100), policy=HES) == [(None,) * 4]


def test_a_cell_withheld_by_the_audit_is_hidden_by_history_unless_it_is_small() -> None:
    cells = (a_cell(50, 100), a_cell(5, 9, "A"))
    assert of(*cells, withheld=(0, 1)) == [(Reason.HISTORY,) * 4, (Reason.TOO_FEW,) * 4]


def test_a_cell_that_nobody_can_be_in_is_not_applicable() -> None:
    assert of(a_cell(0, 3, applicable=False)) == [(Reason.NOT_APPLICABLE,) * 4]


def test_a_share_of_nobody_is_unavailable() -> None:
    """Where nobody is shown as 0, there is nothing to divide by."""
    assert of(a_cell(0, 0), policy=HES) == [(None, None, Reason.UNAVAILABLE, Reason.UNAVAILABLE)]


def test_reasons_of_emergency_care_follow_events_and_those_compared_with() -> None:
    few_people = emergency_tables.a_cell(100, 3, 50)
    few_events = emergency_tables.a_cell(100, 11, 11, label="A")
    exact = emergency_tables.a_table(
        few_people, few_events, reference=emergency_tables.a_reference(events=(5, 4))
    )
    table = control(exact, DEFAULT, provenance=PROVENANCE)
    by_name = [
        dict(zip(emergency_tables.NAMES, each, strict=True))
        for each in reasons(exact, table, DEFAULT, withheld=())
    ]
    for each in by_name:
        assert each["cases"] is None
        assert each["observed"] is Reason.TOO_FEW
        assert each["expected"] is Reason.REFERENCE
        assert each["ratio"] is each["ratio_upper"] is Reason.TOO_FEW
        assert each["persons"] is Reason.TOO_FEW


def test_what_chance_decided_is_never_told_by_its_exact_numbers() -> None:
    """One number shown, one that cannot be, two that noise hid; and a cell that nobody can be in."""
    exact = a_table(a_cell(3, 100), a_cell(0, 3, "A", applicable=False))
    unavailable = ControlledValue(value=None, status=CellStatus.UNAVAILABLE)
    rows = tuple(
        ControlledRow(labels=cell.labels, values=(SHOWN, unavailable, HIDDEN, HIDDEN)) for cell in exact.cells
    )
    table = suppressed(*rows[0].values).model_copy(update={"rows": rows})
    noise, absent = reasons(exact, table, a_dashboard(), withheld=(0,))
    assert noise == (None, Reason.UNAVAILABLE, Reason.NOISE, Reason.NOISE)
    assert absent == (None, Reason.UNAVAILABLE, Reason.NOT_APPLICABLE, Reason.NOT_APPLICABLE)


def test_a_cell_tells_something_where_one_number_is_shown() -> None:
    exact = a_table(a_cell(3, 100), a_cell(5, 9, "A"), a_cell(50, 100, "B"))
    seen = here(exact, decided(exact, policy=DEFAULT), DEFAULT)
    assert [seen.labels(number) for number in range(len(seen.places))] == [("Total",), ("B",)]
    assert [seen.tells(number) for number in range(len(seen.places))] == [True, True]
    assert [count.told for number in range(2) for count in seen.counts(number)] == [False, True]


def test_a_ratio_without_expected_events_has_their_reason() -> None:
    exact = emergency_tables.a_table(
        emergency_tables.a_cell(100, 40, 50), reference=emergency_tables.a_reference(events=(5, 4))
    )
    table = control(exact, DEFAULT, provenance=PROVENANCE)
    [found] = reasons(exact, table, DEFAULT, withheld=())
    assert dict(zip(emergency_tables.NAMES, found, strict=True))["ratio"] is Reason.REFERENCE


def suppressed(*values: ControlledValue) -> ControlledTable:
    """A table of one cell of which a mechanism hid these."""
    shown = control(a_table(a_cell(50, 100)), DEFAULT, provenance=PROVENANCE)
    return shown.model_copy(update={"rows": (ControlledRow(labels=("Total",), values=values),)})


def test_a_number_that_is_safe_by_itself_was_hidden_for_the_sake_of_others() -> None:
    exact = a_table(a_cell(50, 100))
    [found] = reasons(exact, suppressed(HIDDEN, HIDDEN, SHOWN, SHOWN), DEFAULT, withheld=())
    assert found == (Reason.OTHER_CELLS, Reason.OTHER_CELLS, None, None)


def test_events_that_are_safe_by_themselves_were_hidden_for_the_sake_of_others() -> None:
    exact = emergency_tables.a_table(emergency_tables.a_cell(100, 40, 50))
    shown = control(exact, DEFAULT, provenance=PROVENANCE)
    values = [HIDDEN if name == "observed" else SHOWN for name in emergency_tables.NAMES]
    table = shown.model_copy(update={"rows": (ControlledRow(labels=("Total",), values=tuple(values)),)})
    [found] = reasons(exact, table, DEFAULT, withheld=())
    assert dict(zip(emergency_tables.NAMES, found, strict=True))["observed"] is Reason.OTHER_CELLS


def test_events_under_a_policy_that_rounds_nothing_are_hidden_by_a_rule() -> None:
    exact = emergency_tables.a_table(emergency_tables.a_cell(100, 40, 50))
    [found] = reasons(exact, control(exact, ACRO, provenance=PROVENANCE), ACRO, withheld=())
    assert dict(zip(emergency_tables.NAMES, found, strict=True))["observed"] is Reason.RULE


def test_a_hidden_share_of_shown_numbers_has_a_rule_of_its_own() -> None:
    exact = a_table(a_cell(50, 100))
    [found] = reasons(exact, suppressed(SHOWN, SHOWN, HIDDEN, SHOWN), DEFAULT, withheld=())
    assert found == (None, None, Reason.RULE, None)
