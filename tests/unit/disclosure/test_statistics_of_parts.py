"""The share of a part within another: from told counts alone, and never more than all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledValue,
    PlannedMeasure,
    Statistic,
)
from linkage_engine.disclosure.intervals import wilson
from linkage_engine.disclosure.statistics.parts_of_parts import PARTS_OF_PARTS

SHARE, LOWER, UPPER = Statistic.SHARE_OF_PART, Statistic.SHARE_OF_PART_LOWER, Statistic.SHARE_OF_PART_UPPER


def number(statistic: Statistic, part: int, within: int) -> float | None:
    told = (ControlledValue(value=each) for each in (part, within))
    return PARTS_OF_PARTS[statistic].value(*told).value


def test_the_limits_are_wilsons() -> None:
    """81 of 263: .2553 to .3662 (Newcombe, Statistics in Medicine 17, 1998, table I)."""
    assert (number(LOWER, 81, 263), number(SHARE, 81, 263), number(UPPER, 81, 263)) == (25.5, 30.8, 36.6)


@given(st.integers(0, 500), st.integers(1, 400))
def test_blurred_counts_make_no_share_of_more_than_all(part: int, within: int) -> None:
    share = number(SHARE, part, within)
    low, high = wilson(min(part, within), within)
    assert share == pytest.approx(min(100.0, 100 * part / within), abs=0.051)
    assert (number(LOWER, part, within), number(UPPER, part, within)) == (
        round(100 * low, 1),
        round(100 * high, 1),
    )


def test_of_nobody_there_is_no_share() -> None:
    assert number(SHARE, 0, 0) is None
    assert number(SHARE, 0, 40) == 0


@pytest.mark.parametrize(
    ("part", "within", "share"),
    [
        (CellStatus.LOW, CellStatus.SHOWN, CellStatus.LOW),
        (CellStatus.HIGH, CellStatus.SHOWN, CellStatus.HIGH),
        (CellStatus.LOW, CellStatus.LOW, CellStatus.UNAVAILABLE),
        (CellStatus.SHOWN, CellStatus.HIGH, CellStatus.UNAVAILABLE),
        (CellStatus.CONFIDENTIAL, CellStatus.SHOWN, CellStatus.CONFIDENTIAL),
    ],
)
@pytest.mark.parametrize("statistic", [SHARE, LOWER, UPPER])
def test_few_of_many_are_few_and_of_few_there_is_no_share(
    statistic: Statistic, part: CellStatus, within: CellStatus, share: CellStatus
) -> None:
    said = {each: ControlledValue(value=None if each else 40, status=each) for each in CellStatus}
    assert PARTS_OF_PARTS[statistic].value(said[part], said[within]).status is share


def test_a_share_names_both_parts_and_needs_them() -> None:
    named = {"name": "share", "title": "Share", "unit": "percent", "statistic": SHARE, "part": "accepted"}
    measure = PlannedMeasure.model_validate(named | {"within": "offered"})
    assert [key[1][0] for key in PARTS_OF_PARTS[SHARE].sources(measure)] == ["accepted", "offered"]
    for wrong in (named, named | {"within": "offered", "besides": "other"}):
        with pytest.raises(ValueError, match="validation error"):
            PlannedMeasure.model_validate(wrong)
