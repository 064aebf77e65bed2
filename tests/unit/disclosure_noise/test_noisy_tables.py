"""Tables with differential privacy: no receipt, no table; and nothing is told that saw no noise."""

from __future__ import annotations

import dataclasses
import json
import sys
from math import sqrt
from typing import cast

import numpy as np
import opendp.prelude as opendp
import pytest

from linkage_engine.contract.controlled_table import CellStatus, ControlledTable, ControlledValue
from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, QueryRefused, RefusalCode
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.differential_privacy.budget import Receipt
from linkage_engine.disclosure.differential_privacy.laplace import noisy
from linkage_engine.disclosure.differential_privacy.release import NeedsBudget, needs_budget, noisy_table
from linkage_engine.disclosure.differential_privacy.span import Structure
from linkage_engine.disclosure.policy import Policy
from tests.unit.disclosure import emergency_tables as emergency
from tests.unit.disclosure.tables import (
    DENOMINATOR,
    MEASURES,
    NUMERATOR,
    PER_100_000,
    PERCENT,
    PROVENANCE,
    a_cell,
    a_table,
    controlled,
    some,
)
from tests.unit.disclosure_noise.noisy import AGES, GROUPS, PREVALENCE, Person, a_dashboard, table_of_people

DASHBOARD = a_dashboard()
PEOPLE = 20_000


def a_receipt(epsilon: float = 10.0, specification: str = PROVENANCE.specification_sha256) -> Receipt:
    return Receipt(specification, round(epsilon * 1_000_000), round(epsilon * 1_000_000))


def needs(table: ExactTable, policy: Policy = DASHBOARD) -> NeedsBudget:
    return needs_budget(table, policy, PREVALENCE, provenance=PROVENANCE)


def told(table: ExactTable, *, epsilon: float = 10.0, policy: Policy = DASHBOARD) -> ControlledTable:
    return noisy_table(needs(table, policy), a_receipt(epsilon), generator=np.random.default_rng(1))


def numbers(table: ControlledTable, measure: int) -> list[float | None]:
    return [row.values[measure].value for row in table.rows]


def a_policy(**parts: dict[str, object]) -> Policy:
    text = json.loads(DASHBOARD.model_dump_json())
    for name, changes in parts.items():
        text[name] |= changes
    return Policy.from_json(json.dumps(text))


SHOWS_ZERO = a_policy(threshold={"zero": {"structural": "show", "sampling": "show"}})


def refused(table: ExactTable, policy: Policy = DASHBOARD) -> RefusalCode:
    with pytest.raises(EngineRefusal) as refusal:
        needs(table, policy)
    return refusal.value.code


def test_counts_are_told_with_noise_of_the_scale_that_was_paid_for() -> None:
    """Nobody is in more than two populations and two counts: a scale of 4 over 10."""
    table = told(table_of_people([], ("sex",)), policy=SHOWS_ZERO)
    assert table.record.noise is not None
    assert table.record.noise.contributions == 4
    assert table.record.noise.standard_deviation == round(sqrt(2 * np.exp(-2.5)) / (1 - np.exp(-2.5)), 2)


def test_large_counts_stay_near_the_truth() -> None:
    """Noise of a deviation of 0.45 passes 30 once in 10 to the 32."""
    table = told(a_table(a_cell(5000, PEOPLE, "Female"), a_cell(7000, 2 * PEOPLE)))
    for measure, truth in ((NUMERATOR, [5000, 7000]), (DENOMINATOR, [PEOPLE, 2 * PEOPLE])):
        found = numbers(table, measure)
        assert all(abs(float(n or 0) - exact) < 30 for n, exact in zip(found, truth, strict=True))


def test_two_tables_of_the_same_cells_have_other_noise() -> None:
    exact = a_table(*(a_cell(5000, PEOPLE, f"{n}") for n in range(1)))
    tables = {tuple(numbers(told(exact, epsilon=0.01), DENOMINATOR)) for _ in range(5)}
    assert len(tables) > 1


def test_the_threshold_looks_at_the_noisy_number_and_never_at_the_truth() -> None:
    """Of 400 cells of nobody about half come out above ten at a scale of 400; a true threshold shows none."""
    cells = [ExactCell((f"{n}",), some(0), {"numerator": some(0)}) for n in range(400)]
    found = numbers(told(a_table(*cells), epsilon=0.01), DENOMINATOR)
    shown = [number for number in found if number is not None]
    assert 100 < len(shown) < 300
    assert min(shown) >= 10


def test_negative_numbers_become_none_and_parts_no_more_than_the_whole() -> None:
    open_ = a_policy(threshold={"complement": False, "zero": {"structural": "show", "sampling": "show"}})
    table = told(a_table(*(a_cell(0, 0, f"{n}") for n in range(400))), epsilon=0.01, policy=open_)
    counts, populations = numbers(table, NUMERATOR), numbers(table, DENOMINATOR)
    pairs = [(x, n) for x, n in zip(counts, populations, strict=True) if x is not None and n is not None]
    assert all(0 <= x <= n for x, n in pairs)
    assert any(x == n > 0 for x, n in pairs)
    assert any(n == 0 for _, n in pairs)


def test_a_part_is_hidden_when_it_or_the_rest_come_out_small() -> None:
    cells = [ExactCell((f"{n}",), some(100, 100 * n), {"numerator": some(50, 100 * n)}) for n in range(400)]
    table = told(a_table(*cells), epsilon=0.1)
    for row in table.rows:
        count, population = row.values[NUMERATOR], row.values[DENOMINATOR]
        if count.value is not None:
            assert population.value is not None
            assert population.value - count.value >= 10
    assert any(row.values[NUMERATOR].status is CellStatus.CONFIDENTIAL for row in table.rows)


def test_shares_are_computed_from_what_is_told() -> None:
    (row,) = told(a_table(a_cell(5000, PEOPLE))).rows
    count, population = row.values[NUMERATOR].value, row.values[DENOMINATOR].value
    assert count is not None
    assert population is not None
    assert row.values[PERCENT].value == round(100 * count / population, 1)
    assert row.values[PER_100_000].value == round(100_000 * count / population)


def test_a_population_that_groups_share_is_told_once() -> None:
    crowd = [Person("Female", AGES[0], GROUPS[: n % 3]) for n in range(300)]
    table = told(table_of_people(crowd, ("tumour_group", "sex")), epsilon=0.1)
    populations: dict[str, set[ControlledValue]] = {}
    for row in table.rows:
        populations.setdefault(row.labels[1], set()).add(row.values[DENOMINATOR])
    assert all(len(each) == 1 for each in populations.values())


def test_a_cell_that_nobody_can_be_in_is_not_applicable() -> None:
    table = told(a_table(a_cell(0, 500, "Male", applicable=False), a_cell(5000, PEOPLE)))
    assert {value.status for value in table.rows[0].values} == {CellStatus.NOT_APPLICABLE}


def test_the_record_says_what_was_paid_and_that_history_was_not_asked() -> None:
    receipt = Receipt(PROVENANCE.specification_sha256, 250_000, 750_000)
    table = noisy_table(
        needs(table_of_people([], ("tumour_group",))), receipt, generator=np.random.default_rng(1)
    )
    noise = table.record.noise
    assert noise is not None
    assert (noise.mechanism, noise.epsilon, noise.epsilon_spent, noise.epsilon_total) == (
        "discrete_laplace",
        0.25,
        0.75,
        1.0,
    )
    assert (noise.contributions, noise.labels_per_person) == (4, 2)
    assert not table.record.history_audited
    assert {rule.action for rule in table.record.rules} == {"hidden", "banded", "randomised", "recomputed"}


def test_a_receipt_for_another_question_is_refused() -> None:
    with pytest.raises(NotTrusted) as refusal:
        noisy_table(
            needs(a_table(a_cell(5, 9))),
            a_receipt(specification="cd" * 32),
            generator=np.random.default_rng(1),
        )
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


def test_control_alone_makes_no_such_table() -> None:
    with pytest.raises(QueryRefused) as refusal:
        controlled(a_cell(5000, PEOPLE), policy=DASHBOARD)
    assert refusal.value.code is RefusalCode.MECHANISM_NOT_AVAILABLE


def test_events_and_what_is_expected_have_no_bound_and_are_refused() -> None:
    table = emergency.a_table(emergency.a_cell(2000, 100, 400))
    assert refused(table) is RefusalCode.MECHANISM_NOT_AVAILABLE


def test_units_other_than_people_are_refused() -> None:
    policy = DASHBOARD.model_copy(update={"unit": "provider"})
    assert refused(a_table(a_cell(5, 9)), policy) is RefusalCode.MECHANISM_NOT_AVAILABLE


def test_without_opendp_the_mechanism_is_named_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opendp", None)
    assert refused(a_table(a_cell(5, 9))) is RefusalCode.MECHANISM_NOT_AVAILABLE


def test_a_larger_table_than_the_policy_allows_is_refused() -> None:
    small = a_policy(limits={"cells": 1})
    assert refused(a_table(a_cell(5, 9), a_cell(5, 9, "Male")), small) is RefusalCode.TABLE_TOO_LARGE


def test_somebody_of_two_sexes_would_count_more_than_was_charged() -> None:
    table = a_table(a_cell(5, 90, "Female"), a_cell(5, 90, "Male"), a_cell(5, 90))
    assert refused(table) is RefusalCode.HAND_OVER_INVALID


def test_a_population_that_differs_where_it_should_not_is_refused() -> None:
    cells = [
        ExactCell(("Lung",), some(90), {"numerator": some(5)}),
        ExactCell(("Total",), some(91), {"numerator": some(5)}),
    ]
    table = ExactTable("People", "prevalence", ("tumour_group",), MEASURES, tuple(cells))
    assert refused(table) is RefusalCode.HAND_OVER_INVALID


def test_people_may_be_in_every_label_of_a_breakdown_that_does_not_divide_them() -> None:
    """As the same people before and after: their number is told once, whatever the label."""
    same = [ExactCell((label,), some(90), {}) for label in ("Female", "Male", "Total")]
    table = ExactTable("People", "prevalence", ("sex",), MEASURES[1:2], tuple(same))
    structure = Structure(frozenset({"sex"}), frozenset())
    assert needs_budget(table, DASHBOARD, structure, provenance=PROVENANCE).contributions == 1


def test_what_needs_a_budget_does_not_print() -> None:
    assert repr(needs(a_table(a_cell(5, 9)))) == "NeedsBudget(withheld)"


@pytest.mark.parametrize(("contributions", "epsilon"), [(4, 0.25), (16, 0.1), (7, 3.3), (200, 0.000001)])
def test_opendp_accounts_for_no_more_than_was_paid(contributions: int, epsilon: float) -> None:
    """By OpenDP's own map of the measurement at the scale that we told, and of ten of them composed."""
    scale = noisy(np.zeros(1, dtype=np.int64), contributions=contributions, epsilon=epsilon).scale
    space = opendp.vector_domain(opendp.atom_domain(T="i64")), opendp.l1_distance(T="i64")
    measurement = space >> opendp.m.then_laplace(scale=scale)
    assert measurement.map(contributions) <= epsilon
    assert measurement.map(contributions) > 0.999 * epsilon
    together: opendp.Measurement = opendp.c.make_composition([measurement] * 10)
    assert cast("float", together.map(contributions)) <= 10 * epsilon * (1 + 1e-12)  # type: ignore[no-untyped-call]


def test_noise_has_the_deviation_that_is_told() -> None:
    """20,000 draws at a scale of 16: the deviation within 5 %, the mean within six of its deviations."""
    drawn = noisy(np.full(20_000, 1000, dtype=np.int64), contributions=4, epsilon=0.25)
    assert drawn.scale == pytest.approx(16)
    assert drawn.standard_deviation == pytest.approx(22.62, abs=0.01)
    assert drawn.counts.std() == pytest.approx(drawn.standard_deviation, rel=0.05)
    assert abs(drawn.counts.mean() - 1000) < 6 * drawn.standard_deviation / sqrt(20_000)


def test_neighbours_are_told_apart_by_no_more_than_epsilon() -> None:
    """Ten and eleven at epsilon 1, 15,000 draws each: no outcome is e times as frequent but for chance."""
    ten, eleven = (
        np.bincount(
            np.clip(noisy(np.full(15_000, count), contributions=1, epsilon=1.0).counts, 7, 14), minlength=15
        )[7:]
        for count in (10, 11)
    )
    ratio = np.maximum(ten / eleven, eleven / ten)
    assert ratio.max() < np.e * 1.35
    assert ratio.max() > np.e / 1.35


def test_receipts_are_values() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        a_receipt().epsilon_millionths = 1  # type: ignore[misc]
