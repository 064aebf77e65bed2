"""What readers of a release may know of the project's history: coarse, and nothing of a set."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage_engine.contract.controlled_table import HistoryRecord, PublishedRecord
from tests.factories import a_disclosure_record, a_history_audit, a_published_record

shares = st.floats(0, 2, allow_nan=False)


def published(**changes: object) -> HistoryRecord:
    return a_history_audit(**changes).published


def test_what_was_used_is_told_in_tens_of_a_hundred_and_never_too_low() -> None:
    record = published(leverage_mean=0.0213, leverage_top1=0.123)
    assert (record.leverage_mean.limit, record.leverage_mean.used_percent) == (0.1, 30)
    assert (record.leverage_top1.limit, record.leverage_top1.used_percent) == (0.5, 30)
    assert (record.tables_before, record.over_budget) == (3, False)


@given(mean=shares, top=shares)
def test_of_the_figures_only_tens_leave(mean: float, top: float) -> None:
    record = published(leverage_mean=mean, leverage_top1=top)
    for used, share in ((record.leverage_mean, mean), (record.leverage_top1, top)):
        assert used.used_percent is not None
        assert used.used_percent % 10 == 0
        assert used.used_percent >= 100 * share / used.limit - 1e-9
        assert used.used_percent - 100 * share / used.limit <= 10 + 1e-9
    assert record.over_budget == (mean > 0.1 or top > 0.5)


@pytest.mark.parametrize("share", [math.nan, math.inf])
def test_what_could_not_be_measured_is_over_and_has_no_figure(share: float) -> None:
    record = published(leverage_mean=share)
    assert record.over_budget
    assert record.leverage_mean.used_percent is None


@given(groups=st.integers(0, 10**6), sets=st.integers(0, 10**6), withheld=st.integers(0, 10**6))
def test_what_only_checkers_may_know_does_not_leave(groups: int, sets: int, withheld: int) -> None:
    """Small groups, sets and cells hidden by history: readers see the same text whatever they are."""
    exact = {"groups": groups, "sets": sets, "withheld": withheld, "groups_known_before": groups, "rounds": 5}
    assert published(**exact) == published()


def test_a_published_record_is_the_table_s_record_with_the_history() -> None:
    record = a_published_record()
    assert isinstance(record, PublishedRecord)
    assert {**dict(record), "history": None} == {**dict(a_disclosure_record()), "history": None}
