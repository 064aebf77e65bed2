from __future__ import annotations

import pyarrow as pa
import pytest

from linkage_engine.catalogue.data_sets import data_set, kept_back
from service.provider.volume import Loss, losses, rows_by_quarter


def test_rows_are_counted_by_the_quarter_of_their_first_day() -> None:
    days = ["2024-01-01", "2024-03-31", "2024-04-01", "2024-12-31", "soon", None, "2024-1-1"]
    table = pa.table({"date_of_death": pa.array(days, pa.string())})
    assert rows_by_quarter(table, data_set("death")) == {"2024Q1": 2, "2024Q2": 1, "2024Q4": 1}
    assert rows_by_quarter(table, kept_back("opt_out")) == {}


@pytest.mark.parametrize(
    ("before", "now", "is_lost"),
    [(20, 10, True), (20, 11, False), (19, 0, False), (100, 0, True), (0, 5, False)],
)
def test_half_of_enough_rows_is_a_loss(before: int, now: int, is_lost: bool) -> None:  # noqa: FBT001  # a case
    found = losses({"death": before}, {"death": now}, {}, {})
    assert [(f.loss, f.refuses) for f in found] == [(Loss.SHRUNK, True)] * is_lost


def test_a_data_set_that_is_missing_has_shrunk_and_its_quarters_are_not_listed() -> None:
    found = losses({"death": 30}, {}, {"death": {"2024Q1": 30}}, {})
    assert [f.loss for f in found] == [Loss.SHRUNK]


@pytest.mark.parametrize(("had", "is_gone"), [(20, True), (19, False)])
def test_a_quarter_is_gone_that_had_enough(had: int, is_gone: bool) -> None:  # noqa: FBT001  # a case
    then, now = {"2023Q4": 50, "2024Q1": had}, {"2023Q4": 50}
    found = losses({"death": 70}, {"death": 50}, {"death": then}, {"death": now})
    assert [(f.loss, f.quarters, f.before) for f in found] == [
        (Loss.QUARTER_GONE, ("2024Q1",), had)
    ] * is_gone


def test_a_gap_lies_between_quarters_with_enough_and_a_gone_one_is_told_once() -> None:
    now = {"1960Q1": 1, "2023Q1": 20, "2023Q3": 1, "2024Q1": 20, "2024Q4": 2}
    then = {"2023Q4": 30}
    found = losses({"death": 60}, {"death": 44}, {"death": then}, {"death": now})
    assert [(f.loss, f.quarters, f.refuses) for f in found] == [
        (Loss.QUARTER_GONE, ("2023Q4",), True),
        (Loss.QUARTER_EMPTY, ("2023Q2",), False),
    ]
