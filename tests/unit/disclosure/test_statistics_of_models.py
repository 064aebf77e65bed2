"""Regression summaries, and what a table must have to be told of."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from pydantic import ValidationError

from linkage_engine.contract.controlled_table import ABOUT, CellStatus, PlannedMeasure, Statistic
from linkage_engine.contract.refusals import NotTrusted, RefusalCode
from linkage_engine.disclosure import before
from linkage_engine.disclosure.cells import Estimate, ExactCell, Fit
from linkage_engine.disclosure.intervals import Z
from linkage_engine.disclosure.rounding import three_figures
from linkage_engine.disclosure.statistics.registry import COMPUTED, TOLD
from tests.unit.disclosure.statistic_tables import (
    MEANS,
    MODEL,
    a_model,
    costs,
    exactly,
    measure,
    of_cells,
    told,
)
from tests.unit.disclosure.tables import some

C = CellStatus.CONFIDENTIAL


def test_coefficients_errors_and_limits_have_three_figures() -> None:
    assert told(a_model()) == [
        0.123,
        0.0568,
        three_figures(0.123 - Z * 0.0568),
        three_figures(0.123 + Z * 0.0568),
    ]


@pytest.mark.parametrize(
    ("levels", "fit"),
    [
        ((600, 391, 9), None),
        ((400, 600), Fit(records=1000, coefficients=991, patterns=999)),
        ((400, 600), Fit(records=1000, coefficients=8, patterns=8)),
    ],
    ids=["a level of nine", "nine degrees of freedom", "saturated"],
)
def test_a_model_that_holds_people_s_own_data_is_told_nothing_of(levels: tuple[int, ...], fit: Fit) -> None:
    table = a_model(levels, fit=fit)
    assert [told(table, row=row) for row in range(len(levels))] == [[C] * 4] * len(levels)


def test_a_level_too_small_for_a_count_is_hidden_and_the_others_are_told() -> None:
    table = a_model((12, 600))
    assert [told(table, row=row)[0] for row in (0, 1)] == [C, 0.123]


def test_checkers_see_every_figure() -> None:
    assert exactly(a_model())[:2] == (0.123456, 0.0567891)


def test_every_statistic_has_a_rule_for_release_and_a_number_for_checkers() -> None:
    """One without could not be asked: there would be no number."""
    assert TOLD.keys() | COMPUTED.keys() == set(Statistic) == ABOUT.keys()
    assert not TOLD.keys() & COMPUTED.keys()
    assert before.OF_A_CELL.keys() | {Statistic.EXPECTED} == TOLD.keys()


@pytest.mark.parametrize(
    "made",
    [
        lambda: measure(Statistic.MEAN),
        lambda: measure(Statistic.COUNT),
        lambda: measure(Statistic.POPULATION, part="ill"),
        lambda: measure(Statistic.PERCENT, "ill", "cost"),
        lambda: measure(Statistic.QUANTILE, variable="cost"),
        lambda: measure(Statistic.QUANTILE, variable="cost", at=0),
        lambda: measure(Statistic.QUANTILE, variable="cost", at=100),
        lambda: measure(Statistic.SURVIVAL, "ill", "days"),
        lambda: measure(Statistic.SURVIVAL, "ill", "days", 30, "moved"),
        lambda: measure(Statistic.ESTIMATE, "ill", "log_odds"),
    ],
    ids=[
        "a mean of nothing",
        "a count of no part",
        "a population of a part",
        "a share of a variable",
        "a quantile at no centile",
        "a minimum",
        "a maximum",
        "a curve at no day",
        "survival of two events",
        "an estimate of a part",
    ],
)
def test_a_measure_is_about_what_its_statistic_is_about(made: object) -> None:
    """Neither minimum nor maximum can be asked: they are centiles 0 and 100."""
    assert callable(made)
    with pytest.raises(ValidationError):
        made()


def a_cell_with(values: object) -> ExactCell:
    return ExactCell(("Total",), some(3), {}, values={"cost": np.array(values)})


@pytest.mark.parametrize(
    "made",
    [
        lambda: a_cell_with([1, 2]),
        lambda: a_cell_with([1, 2, -3]),
        lambda: a_cell_with([1.0, 2.5, 3.0]),
        lambda: a_cell_with([[1, 2, 3]]),
        lambda: Estimate(nan, 1.0),
        lambda: Estimate(1.0, inf),
        lambda: Estimate(1.0, -0.1),
        lambda: Fit(records=0, coefficients=1, patterns=1),
        lambda: Fit(records=9, coefficients=0, patterns=1),
        lambda: Fit(records=9, coefficients=3, patterns=10),
        lambda: a_model((400, 600), fit=Fit(records=599, coefficients=3, patterns=8)),
        lambda: of_cells(*a_model().cells, measures=MODEL),
        lambda: of_cells(*costs([1, 2, 3]).cells, measures=MEANS, fit=Fit(9, 3, 8)),
        lambda: of_cells(*costs([1, 2, 3]).cells, measures=MEANS[:1]),
        lambda: of_cells(ExactCell(("Total",), some(3), {}), measures=MEANS),
        lambda: of_cells(ExactCell(("Total",), some(3), {}), measures=MODEL, fit=Fit(9, 3, 8)),
    ],
    ids=[
        "fewer values than people",
        "a value below nothing",
        "fractions",
        "two dimensions",
        "no number",
        "no end",
        "a negative error",
        "a model of nobody",
        "no coefficient",
        "more patterns than people",
        "fewer people than a level has",
        "estimates without a model",
        "a model without estimates",
        "values that no measure is of",
        "no values",
        "no estimates",
    ],
)
def test_numbers_that_cannot_be_are_refused(made: object) -> None:
    assert callable(made)
    with pytest.raises(NotTrusted) as refusal:
        made()
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


def test_neither_estimate_nor_model_prints() -> None:
    assert {repr(Estimate(1.0, 0.1)), repr(Fit(9, 3, 8))} == {"Estimate(withheld)", "Fit(withheld)"}


def test_a_planned_measure_reads_as_it_was_written() -> None:
    made = measure(Statistic.INCIDENCE, "died", "days", 90, "moved")
    assert PlannedMeasure.model_validate_json(made.model_dump_json()) == made
