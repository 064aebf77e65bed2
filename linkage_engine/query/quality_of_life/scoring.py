"""Scores of one person's answers: QLQ-C30 version 3 and EQ-5D-5L, exactly and without a record's name."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from linkage_engine.catalogue.definitions.eq_5d_5l import FULL_HEALTH, LEVELS, ValueSet, eq_5d_5l
from linkage_engine.catalogue.definitions.qlq_c30 import Kind, QlqC30, Scale

Answers = Mapping[str, int | None]
"""By column of the survey: `q1` to `q30` from 1 up, `eq_mo` to `eq_ad` from 1 to 5; nothing is no answer."""

TOP = 100


class NoSuchAnswer(ValueError):
    """An answer that the question does not have; it says which column, never what was answered."""


def scale_score(scale: Scale, answers: Answers) -> Fraction | None:
    """The score of a scale from 0 to 100, or nothing with fewer than half its items answered.

    Linear in the mean answer (EORTC scoring manual, third edition 2001). Raises `NoSuchAnswer`.
    """
    share = _share(scale, answers)
    return None if share is None else TOP * (1 - share if scale.kind is Kind.FUNCTIONAL else share)


def summary_score(definition: QlqC30, answers: Answers) -> Fraction | None:
    """The mean of the scales of the summary, symptoms turned round; nothing unless all have a score.

    From 0 to 100 (Giesinger and others 2016). Raises `NoSuchAnswer`.
    """
    shares = [_share(scale, answers) for scale in definition.summarised]
    known = [share for share in shares if share is not None]
    return TOP * (1 - sum(known, Fraction()) / len(known)) if len(known) == len(shares) else None


def scale_level(scale: Scale, answers: Answers) -> int | None:
    """The score as a whole number of the scale's levels, 0 to `scale.levels`; nothing where there is none.

    The answers add up to it, an item left out counting as the mean of those answered, to the nearest whole,
    halves up. With all items answered it is the score itself in another unit; else at most half a level off.
    """
    share = _share(scale, answers)
    if share is None:
        return None
    level = _nearest(share * scale.levels)
    return scale.levels - level if scale.kind is Kind.FUNCTIONAL else level


def summary_level(definition: QlqC30, answers: Answers) -> int | None:
    """The summary score to the nearest whole point, halves up; nothing where there is none."""
    score = summary_score(definition, answers)
    return None if score is None else _nearest(score)


def profile(answers: Answers) -> tuple[int, ...] | None:
    """The levels of the five dimensions, 1 to 5; nothing unless all are answered. Raises `NoSuchAnswer`."""
    levels = [_answer(each.column, answers, highest=LEVELS) for each in eq_5d_5l().dimensions]
    known = tuple(level for level in levels if level is not None)
    return known if len(known) == len(levels) else None


def index_loss(values: ValueSet, answers: Answers) -> int | None:
    """How far the index is below full health, in thousandths; nothing without the whole profile."""
    levels = profile(answers)
    if levels is None:
        return None
    named = zip(eq_5d_5l().dimensions, levels, strict=True)
    return sum(values.decrements[each.name][level - 1] for each, level in named)


def index(values: ValueSet, answers: Answers) -> Fraction | None:
    """The index of the answers: 1 is full health, below 0 worse than dead; nothing without a profile."""
    loss = index_loss(values, answers)
    return None if loss is None else 1 - Fraction(loss, FULL_HEALTH)


def vas(answers: Answers) -> int | None:
    """The visual analogue scale, 0 to 100, if it was answered. Raises `NoSuchAnswer`."""
    return _answer("eq_vas", answers, lowest=0, highest=TOP)


def _share(scale: Scale, answers: Answers) -> Fraction | None:
    """Between the lowest answers (0) and the highest (1), over the items answered if half are."""
    given = [_answer(f"q{item}", answers, highest=scale.item_range + 1) for item in scale.items]
    known = [answer for answer in given if answer is not None]
    if 2 * len(known) < len(given):
        return None
    return Fraction(sum(known) - len(known), len(known) * scale.item_range)


def _answer(column: str, answers: Answers, *, lowest: int = 1, highest: int) -> int | None:
    answer = answers.get(column)
    if answer is not None and not lowest <= answer <= highest:
        raise NoSuchAnswer(column)
    return answer


def _nearest(number: Fraction) -> int:
    """The nearest whole number, halves up."""
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)
