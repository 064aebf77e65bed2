from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import CellStatus, ControlledTable
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.disclosure.cells import ExactTable
from linkage_engine.disclosure.control import control
from linkage_engine.disclosure.figures import Exact
from linkage_engine.disclosure.policy import Policy
from linkage_engine.disclosure.statistics.outcomes import are_nearly_all, judged
from tests.unit.disclosure.tables import (
    DEFAULT,
    HES,
    MEASURES,
    PERCENT,
    PROVENANCE,
    a_cell,
    a_table,
    controlled,
)

C, Z, X = CellStatus.CONFIDENTIAL, CellStatus.NOT_APPLICABLE, CellStatus.UNAVAILABLE
LOW, HIGH = CellStatus.LOW, CellStatus.HIGH


def first(table: ControlledTable) -> list[float | CellStatus]:
    return [v.status if v.value is None else v.value for v in table.rows[0].values]


@pytest.mark.parametrize(
    ("count", "population", "row"),
    [
        (100, 1000, [99, 999, 9.9, 9910]),
        (13, 1000, [15, 999, 1.5, 1502]),
        (12, 1000, [LOW, 999, LOW, LOW]),
        (1, 1000, [LOW, 999, LOW, LOW]),
        (0, 1000, [LOW, 999, LOW, LOW]),
        (948, 1000, [945, 999, 94.6, 94595]),
        (949, 1000, [HIGH, 999, HIGH, HIGH]),
        (1000, 1000, [HIGH, 999, HIGH, HIGH]),
        (87, 100, [87, 99, 87.9, 87879]),
        (88, 100, [HIGH, 99, HIGH, HIGH]),
        (0, 12, [C, C, C, C]),
        (12, 12, [C, C, C, C]),
        (0, 0, [C, C, C, C]),
        (13, 31, [15, 33, 45.5, 45455]),
        (12, 31, [LOW, 33, LOW, LOW]),
        (19, 31, [HIGH, 33, HIGH, HIGH]),
        (13, 30, [C, 27, C, C]),
        (0, 30, [C, 27, C, C]),
        (30, 30, [C, 27, C, C]),
        (0, 13, [C, 15, C, C]),
    ],
)
def test_the_default_bands_small_counts_of_either_side_and_rounds_the_rest(
    count: int, population: int, row: list[float | CellStatus]
) -> None:
    assert first(controlled(a_cell(count, population))) == row


@pytest.mark.parametrize(
    ("count", "population", "row"),
    [
        (0, 100, [0, 100, 0, 0]),
        (0, 5, [C, C, C, C]),
        (1, 100, [LOW, 100, LOW, LOW]),
        (7, 100, [LOW, 100, LOW, LOW]),
        (8, 8, [10, 10, 100, 100_000]),
        (8, 100, [10, 100, 10, 10000]),
        (100, 100, [100, 100, 100, 100_000]),
        (0, 0, [0, 0, X, X]),
    ],
)
def test_the_rules_of_2018_show_nobody_and_everybody(
    count: int, population: int, row: list[float | CellStatus]
) -> None:
    assert first(controlled(a_cell(count, population), policy=HES)) == row


@pytest.mark.parametrize("count", [0, 3, 500])
def test_a_cell_that_nobody_can_be_in_is_not_applicable_whatever_was_recorded(count: int) -> None:
    assert first(controlled(a_cell(count, 1000, applicable=False))) == [Z, Z, Z, Z]


def test_shares_are_rounded_halves_up() -> None:
    table = controlled(a_cell(15, 45))  # 15 of 45: 33.33 %
    assert first(table) == [15, 45, 33.3, 33333]


def test_a_table_larger_than_the_policy_allows_is_refused() -> None:
    small = DEFAULT.model_copy(update={"limits": DEFAULT.limits.model_copy(update={"cells": 1})})
    with pytest.raises(QueryRefused) as refusal:
        controlled(a_cell(50, 100, "A"), a_cell(50, 100), policy=small)
    assert refusal.value.code is RefusalCode.TABLE_TOO_LARGE


def test_a_table_that_crosses_more_dimensions_than_the_policy_allows_is_refused() -> None:
    flat: Policy = DEFAULT.model_copy(update={"limits": DEFAULT.limits.model_copy(update={"dims": 0})})
    with pytest.raises(QueryRefused) as refusal:
        controlled(a_cell(50, 100, "A"), a_cell(50, 100), policy=flat)
    assert refusal.value.code is RefusalCode.TABLE_TOO_LARGE


def test_the_record_names_policy_question_and_data_and_counts_what_the_rows_show() -> None:
    table = controlled(
        a_cell(50, 100, "A"),
        a_cell(3, 100, "B"),
        a_cell(3, 5, "C"),
        a_cell(0, 9, "D", applicable=False),
        a_cell(99, 100, "E"),
        a_cell(10, 20, "F"),
    )
    record = table.record
    assert (record.policy, record.policy_version, record.policy_sha256) == (
        DEFAULT.profile,
        DEFAULT.version,
        DEFAULT.sha256,
    )
    assert (record.threshold, record.effective_threshold, record.rounding) == (10, 13, "midpoint6")
    assert record.specification_sha256 == PROVENANCE.specification_sha256
    assert record.data_version == PROVENANCE.data_version
    assert (record.cells, record.cells_hidden, record.cells_banded) == (6, 2, 2)
    assert {rule.rule: rule.cells for rule in record.rules} == {
        "impossible_cell": 1,
        "population_withheld": 1,
        "count_threshold": 1,
        "count_low": 1,
        "count_high": 1,
        "population_rounded": 4,
        "count_rounded": 1,
        "share_of_rounded": 1,
    }
    assert record.history_audited is False


def test_a_table_without_cells_is_controlled_too() -> None:
    assert control(a_table(), DEFAULT, provenance=PROVENANCE).rows == ()


def test_titles_and_units_of_the_measures_are_the_tables() -> None:
    measures = controlled(a_cell(50, 100)).measures
    assert [(m.name, m.unit) for m in measures] == [
        ("numerator", "persons"),
        ("denominator", "persons"),
        ("percent", "percent"),
        ("per_100_000", "per 100,000 persons"),
    ]
    assert [m.title for m in measures] == [m.title for m in MEASURES]


def test_two_tables_that_differ_by_one_person_mostly_print_the_same() -> None:
    """Within a bin nothing moves; only at its edge does a number jump, by six."""
    shown = [first(controlled(a_cell(count, 1000)))[0] for count in range(100, 160)]
    jumps = [later - earlier for earlier, later in pairwise(map(float, shown))]
    assert set(jumps) == {0, 6}
    assert jumps.count(6) <= 10


def test_exact_counts_have_no_bands() -> None:
    """Beside exact totals `[low]` could be worked out from the other cells."""
    acro = Policy.from_json(policy_text("acro-default"))
    found = judged(Exact(a_table(a_cell(3, 1000), a_cell(990, 1000, "B")), acro), np.array([3, 990]))
    assert found.allowed.tolist() == [False, False]
    assert set(found.bands) == {C}
    assert repr(found) == "Judged(withheld)"


def test_a_share_that_a_mechanism_blurs_decides_nothing() -> None:
    """What noise is drawn over is no longer noisy when the exact share decides whether it is shown."""
    public = Policy.from_json(policy_text("public-dashboard"))
    plain = public.model_copy(update={"threshold": public.threshold.model_copy(update={"complement": False})})
    assert not are_nearly_all(np.array([1000]), np.array([1000]), plain).any()


def test_a_measure_computed_from_what_was_not_asked_is_refused() -> None:
    bare = ExactTable("People", "prevalence", ("sex",), (MEASURES[PERCENT],), (a_cell(50, 100),))
    with pytest.raises(NotTrusted) as refusal:
        control(bare, DEFAULT, provenance=PROVENANCE)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID
