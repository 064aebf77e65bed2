"""Means on a scale, their limits, and what they are compared with, on figures worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import mean, stdev

import numpy as np
import pydantic
import pytest

from linkage_engine.catalogue.analysis_templates import planned_measures
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.controlled_table import CellStatus, PlannedMeasure, Span, Statistic, norms_of
from linkage_engine.contract.query_spec import QualityOfLifeSpec
from linkage_engine.disclosure.cells import ExactCell, ExactTable
from linkage_engine.disclosure.policy import Policy
from tests.spec.drawn_survey import a_survey_spec
from tests.unit.disclosure.statistic_tables import Told, exactly, measure, of_cells, told
from tests.unit.disclosure.tables import some

C, LOW = CellStatus.CONFIDENTIAL, CellStatus.LOW
HES = Policy.from_json(policy_text("hes-2018"))
PLACES = [10 * n for n in range(1, 21)] * 2  # 40 people: mean 105
NORMS = [800] * 20 + [840] * 20
SPAN = Span(levels=100)
ASKED = (Statistic.MEAN, Statistic.SD, Statistic.MEAN_LOWER, Statistic.MEAN_UPPER)
COMPARED = (
    Statistic.EXPECTED_MEAN,
    Statistic.MEAN_DIFFERENCE,
    Statistic.MEAN_DIFFERENCE_LOWER,
    Statistic.MEAN_DIFFERENCE_UPPER,
)


def scores(
    values: Sequence[int],
    norms: Sequence[int],
    *,
    span: Span = SPAN,
    norm_span: Span | None = None,
    people_min: int | None = None,
    asked: int = 200,
) -> ExactTable:
    """The first of so many people asked have a score, and a norm each."""
    people = len(values)

    def planned(statistic: Statistic) -> PlannedMeasure:
        own = measure(statistic, "scored", "score")
        if statistic not in {Statistic.MEAN, Statistic.SD, Statistic.EXPECTED_MEAN}:
            return own
        on = norm_span or Span(levels=1000) if statistic is Statistic.EXPECTED_MEAN else span
        return own.model_copy(update={"span": on, "people_min": people_min})

    def padded(numbers: Sequence[int]) -> np.ndarray:
        return np.array([*numbers, *[0] * (asked - people)], dtype=np.int64)

    cell = ExactCell(
        ("Total",),
        some(asked),
        {"scored": some(people)},
        values={"score": padded(values), norms_of("score"): padded(norms)},
    )
    measures = (measure(Statistic.COUNT, "scored"), *map(planned, (*ASKED, *COMPARED)))
    return of_cells(cell, measures=measures)


def test_limits_and_differences_follow_from_the_told_mean_deviation_and_people() -> None:
    """40 people are told as 39; Student's factor for 38 degrees of freedom is 2.0244."""
    values = [n // 2 for n in PLACES]  # 5 to 100, mean 52.5
    reach = 2.0244 * 29.2 / sqrt(39)
    assert round(stdev(values), 1) == 29.2
    assert told(scores(values, NORMS)) == [
        39,
        52.5,
        29.2,
        pytest.approx(52.5 - reach, abs=0.05),
        pytest.approx(52.5 + reach, abs=0.05),
        82,
        -29.5,
        pytest.approx(-29.5 - reach, abs=0.05),
        pytest.approx(-29.5 + reach, abs=0.05),
    ]


def test_a_mean_in_levels_is_told_on_the_scale_and_a_loss_as_what_is_left() -> None:
    levels = [0, 1, 2, 3] * 10
    table = scores(levels, [128] * 40, span=Span(levels=3), norm_span=Span(levels=1000, start=1, end=0))
    assert told(table)[1:3] == [50, 36.7]  # 1.5 and 1.1 of three levels: steps of a tenth of 37 people
    index = Span(levels=1000, start=1, end=0, decimals=3)
    losses = [100, 200] * 20
    row = told(scores(losses, [128] * 40, span=index, norm_span=index))
    assert row[1:3] == [0.85, 0.051]
    assert row[5:7] == [0.872, -0.022]
    assert index.place(1567) == -0.567


def test_what_all_of_an_age_and_sex_have_is_published_and_what_all_answered_is_not() -> None:
    assert told(scores(PLACES, [820] * 40))[5] == 82
    assert told(scores([70] * 40, [820] * 40))[1:] == [C, C, C, C, 82, C, C, C]


@pytest.mark.parametrize(("people", "row"), [(12, [LOW] * 9), (13, [15, 70, 38.9])])
def test_of_few_nothing_is_told(people: int, row: list[Told]) -> None:
    assert told(scores(PLACES[:people], NORMS[:people]))[: len(row)] == row


def test_no_mean_is_told_of_fewer_than_the_template_says_whatever_the_policy_allows() -> None:
    """Under hes-2018 8 to 12 people are told as 10: nobody can say that they are ten."""
    for people, means in ((8, [C, C]), (12, [C, C]), (13, [70, 38.9])):
        table = scores(PLACES[:people], NORMS[:people], people_min=10)
        assert told(table, HES)[1:3] == means
    assert told(scores(PLACES[:12], NORMS[:12]), HES)[1:3] == [65, 36]


def test_checkers_see_the_exact_numbers_on_the_scale() -> None:
    row = exactly(scores([0, 3], [820, 840], span=Span(levels=3), asked=2))
    assert row[:3] == (2, 50, 70.7)
    assert row[5:7] == (83, -33)
    assert exactly(scores([], [], asked=2))[1:] == (None,) * 8
    assert exactly(scores([3], [820], span=Span(levels=3), asked=2))[1:5] == (100, None, None, None)


def test_every_told_mean_is_within_half_its_step_of_the_true_one() -> None:
    """A step is a unit over the fewest people rounded down to a power of ten, and three figures."""
    chance = np.random.default_rng(7)
    for people in (20, 60, 150, 600):
        for levels in (3, 6, 12, 15, 100):
            span = Span(levels=levels, decimals=6)
            values = chance.integers(0, levels + 1, people).tolist()
            found = told(scores(values, [800] * people, span=span, asked=3000))[1]
            finest = 10 ** (1 - len(str(people - 3)))
            step = max(finest, 10 ** (int(np.floor(np.log10(mean(values)))) - 2))
            assert isinstance(found, float)
            assert abs(found - 100 * mean(values) / levels) <= 100 * step / levels / 2 + 1e-6


def test_a_scale_or_a_smallest_number_is_of_means_alone() -> None:
    for field in ({"span": SPAN}, {"people_min": 10}):
        with pytest.raises(pydantic.ValidationError):
            PlannedMeasure.model_validate(measure(Statistic.COUNT, "scored").model_dump() | field)


@pytest.mark.parametrize("scores_asked", [("eq_vas",), ("mobility",), ("pain",)])
def test_a_question_has_the_measures_of_its_scores_and_no_others(scores_asked: tuple[str, ...]) -> None:
    spec = a_survey_spec(scores=scores_asked)
    assert isinstance(spec, QualityOfLifeSpec)
    parts = {measure.part for measure in planned_measures(spec)}
    assert parts == {None, *spec.parts}
    compared = any(m.statistic is Statistic.EXPECTED_MEAN for m in planned_measures(spec))
    assert compared is (scores_asked == ("eq_vas",))
