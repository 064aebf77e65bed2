"""Scores held to published formulae: worked vectors, the ends of every scale, and a second implementation."""

from __future__ import annotations

from fractions import Fraction
from math import isnan

import numpy as np
import numpy.typing as npt
import pytest

from linkage_engine.catalogue.definitions.eq_5d_5l import eq_5d_5l
from linkage_engine.catalogue.definitions.qlq_c30 import qlq_c30
from linkage_engine.query.quality_of_life.scoring import (
    NoSuchAnswer,
    index,
    index_loss,
    profile,
    scale_level,
    scale_score,
    summary_level,
    summary_score,
    vas,
)

NAMES = [
    "global_health",
    "physical_functioning",
    "role_functioning",
    "emotional_functioning",
    "cognitive_functioning",
    "social_functioning",
    "fatigue",
    "nausea_vomiting",
    "pain",
    "dyspnoea",
    "insomnia",
    "appetite_loss",
    "constipation",
    "diarrhoea",
    "financial_difficulties",
]
WORKED = {f"q{i}": 7 * i % 4 + 1 for i in range(1, 29)} | {"q29": 5, "q30": 4}
FIGURES = (58.333333, 40, 50, 50, 50, 50, 44.444444, 50, 66.666667, 0, 33.333333, 100, 0, 100, 0)
CONTENT = {"eq_mo": 1, "eq_sc": 1, "eq_ua": 1, "eq_pd": 1, "eq_ad": 1}

Scores = dict[str, float | None]


def scores(answers: dict[str, int | None] | dict[str, int]) -> Scores:
    definition = qlq_c30()
    exact = {scale.name: scale_score(scale, answers) for scale in definition.scales}
    exact["summary"] = summary_score(definition, answers)
    return {name: None if score is None else float(score) for name, score in exact.items()}


def without(*items: int) -> dict[str, int | None]:
    return WORKED | dict.fromkeys([f"q{item}" for item in items])


def test_answers_worked_by_two_other_programs_have_their_scores() -> None:
    expected = dict(zip(NAMES, FIGURES, strict=True)) | {"summary": 49.658120}
    assert scores(WORKED) == pytest.approx(expected, abs=1e-6)


def test_half_of_a_scale_is_enough() -> None:
    expected = dict(zip(NAMES, FIGURES, strict=True)) | {
        "physical_functioning": 33.333333,
        "emotional_functioning": 83.333333,
        "cognitive_functioning": 0,
        "summary": 47.863248,
    }
    assert scores(without(2, 3, 20, 21, 22)) == pytest.approx(expected, abs=1e-6)


def test_less_than_half_of_a_scale_is_no_score_and_no_summary() -> None:
    found = scores(without(1, 2, 3))
    assert (found["physical_functioning"], found["summary"]) == (None, None)
    assert found["role_functioning"] == 50
    assert summary_level(qlq_c30(), without(1, 2, 3)) is None


def test_the_summary_needs_neither_global_health_nor_financial_difficulties() -> None:
    found = scores(without(28, 29, 30))
    assert (found["global_health"], found["financial_difficulties"]) == (None, None)
    assert found["summary"] == pytest.approx(49.658120, abs=1e-6)


@pytest.mark.parametrize(("best", "answers"), [(True, (1, 7)), (False, (4, 1))])
def test_all_best_and_all_worst_are_the_ends_of_every_scale(*, best: bool, answers: tuple[int, int]) -> None:
    item, of_seven = answers
    given = {f"q{i}": item for i in range(1, 29)} | {"q29": of_seven, "q30": of_seven}
    for scale in qlq_c30().scales:
        good = scale.kind != "symptom"
        assert scale_score(scale, given) == (100 if good is best else 0)
        assert scale_level(scale, given) == (scale.levels if good is best else 0)
    assert summary_score(qlq_c30(), given) == summary_level(qlq_c30(), given) == (100 if best else 0)


def test_nobody_who_answered_nothing_has_a_score() -> None:
    assert set(scores({}).values()) == {None}
    assert (vas({}), profile({}), index(eq_5d_5l().value_sets[0], {})) == (None, None, None)


@pytest.mark.parametrize(
    ("column", "answer"),
    [("q1", 0), ("q1", 5), ("q28", 5), ("q29", 8), ("q30", 0), ("q14", -1)],
)
def test_an_answer_that_the_question_does_not_have_is_named_and_not_repeated(
    column: str, answer: int
) -> None:
    with pytest.raises(NoSuchAnswer) as refused:
        scores(WORKED | {column: answer})
    assert str(refused.value) == column


@pytest.mark.parametrize(("column", "answer"), [("eq_mo", 0), ("eq_ad", 6)])
def test_a_level_outside_the_five_is_refused(column: str, answer: int) -> None:
    with pytest.raises(NoSuchAnswer, match=column):
        profile(CONTENT | {column: answer})


@pytest.mark.parametrize("answer", [-1, 101, 999])
def test_a_place_off_the_visual_scale_is_refused(answer: int) -> None:
    with pytest.raises(NoSuchAnswer, match="eq_vas"):
        vas({"eq_vas": answer})
    assert (vas({"eq_vas": 0}), vas({"eq_vas": 100})) == (0, 100)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [("11111", 1000), ("21111", 968), ("55555", -567), ("12345", 1000 - 38 - 86 - 371 - 391)],
)
def test_the_index_is_full_health_less_what_each_level_takes(levels: str, expected: int) -> None:
    values = eq_5d_5l().value_set("uk_2026")
    assert values is not None
    answers = dict(zip(CONTENT, map(int, levels), strict=True))
    assert index(values, answers) == Fraction(expected, 1000)
    assert index_loss(values, answers) == 1000 - expected
    assert profile(answers) == tuple(map(int, levels))


def test_four_of_five_dimensions_are_no_profile() -> None:
    assert profile({name: 1 for name in CONTENT if name != "eq_ua"}) is None
    assert eq_5d_5l().value_set("no_such_set") is None


# The second implementation: columns of numbers at once, written from the formulae of the manual.

Grid = npt.NDArray[np.float64]
COLUMNS = {
    "global_health": (28, 29),
    "physical_functioning": (0, 1, 2, 3, 4),
    "role_functioning": (5, 6),
    "emotional_functioning": (20, 21, 22, 23),
    "cognitive_functioning": (19, 24),
    "social_functioning": (25, 26),
    "fatigue": (9, 11, 17),
    "nausea_vomiting": (13, 14),
    "pain": (8, 18),
    "dyspnoea": (7,),
    "insomnia": (10,),
    "appetite_loss": (12,),
    "constipation": (15,),
    "diarrhoea": (16,),
    "financial_difficulties": (27,),
}
IN_SUMMARY = [name for name in COLUMNS if name not in {"global_health", "financial_difficulties"}]


def vectorised(grid: Grid) -> dict[str, Grid]:
    """RS the mean of what is there, (RS - 1) / range x 100, functioning taken from 100; NaN is no answer."""
    found = {}
    for name, at in COLUMNS.items():
        items = grid[:, at]
        count = (~np.isnan(items)).sum(axis=1)
        raw = np.nansum(items, axis=1) / np.maximum(count, 1)
        points = (raw - 1) / (6 if name == "global_health" else 3) * 100
        points = 100 - points if name.endswith("functioning") else points
        found[name] = np.where(count * 2 >= len(at), points, np.nan)
    good = [found[name] if name.endswith("functioning") else 100 - found[name] for name in IN_SUMMARY]
    found["summary"] = np.mean(good, axis=0)
    return found


def test_a_second_implementation_gives_the_same_scores_of_a_thousand_sets_of_answers() -> None:
    chance = np.random.default_rng(30)
    grid = chance.integers(1, 5, size=(1000, 30)).astype(np.float64)
    grid[:, 28:] = chance.integers(1, 8, size=(1000, 2))
    grid[chance.random(grid.shape) < chance.choice([0.0, 0.1, 0.5], size=(1000, 1))] = np.nan
    expected = vectorised(grid)
    for row, given in enumerate(grid.tolist()):
        answers = {f"q{i}": None if isnan(answer) else int(answer) for i, answer in enumerate(given, 1)}
        for name, score in scores(answers).items():
            other = expected[name][row]
            assert (score is None) == isnan(other)
            assert score is None or score == pytest.approx(other, abs=1e-9)


def test_a_level_is_the_score_where_all_is_answered_and_at_most_half_a_level_off_elsewhere() -> None:
    chance = np.random.default_rng(31)
    for _ in range(300):
        answers: dict[str, int | None] = {f"q{i}": int(chance.integers(1, 5)) for i in range(1, 29)}
        answers |= {"q29": int(chance.integers(1, 8)), "q30": int(chance.integers(1, 8))}
        gaps = {name for name in answers if chance.random() < 0.2}
        given = {name: None if name in gaps else answer for name, answer in answers.items()}
        for scale in qlq_c30().scales:
            score, level = scale_score(scale, given), scale_level(scale, given)
            assert (score is None) == (level is None)
            if score is None or level is None:
                continue
            off = abs(score - Fraction(100 * level, scale.levels))
            whole = not gaps & {f"q{item}" for item in scale.items}
            assert off == 0 if whole else off <= Fraction(50, scale.levels)
