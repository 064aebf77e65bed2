"""Cohorts that a filter makes: nested ones that differ by a few people are refused before anything else."""

from __future__ import annotations

import numpy as np
import pytest

from linkage_engine.contract.controlled_table import TOTAL
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.contract.roles import AskedRoles
from linkage_engine.disclosure.history.cohorts import Cohorts
from linkage_engine.disclosure.past import Past
from linkage_engine.disclosure.release import Decided, decide
from tests.unit.disclosure.tables import DEFAULT, PROVENANCE
from tests.unit.disclosure_history.test_release import a_table

MARCH, APRIL = "03" * 32, "04" * 32
HALVES = {"Female": range(50), "Male": range(50, 100)}


def asked(cohort: str | None, people: int, past: Past, *, first: int = 0) -> Decided:
    cells = HALVES | {TOTAL: range(first, people)}
    return decide(
        past,
        a_table({label: each for label, each in cells.items() if label == TOTAL or people >= len(each) * 2}),
        DEFAULT,
        provenance=PROVENANCE,
        generator=np.random.default_rng(1),
        roles=AskedRoles(counted_as="ab" * 32, cohort=cohort),
    )


def refused(cohort: str, people: int, past: Past, *, first: int = 0) -> bool:
    try:
        asked(cohort, people, past, first=first)
    except QueryRefused as refusal:
        return (refusal.code, refusal.counts) == (RefusalCode.COHORT_TOO_CLOSE, {})
    return False


@pytest.mark.parametrize("people", [91, 99, 101, 109])
def test_a_filter_that_takes_in_a_few_more_or_fewer_people_is_refused(people: int) -> None:
    past = asked(MARCH, 100, Past()).after
    assert refused(APRIL, people, past)


@pytest.mark.parametrize("people", [90, 100, 110])
def test_the_same_people_and_ten_more_or_fewer_are_no_fault(people: int) -> None:
    past = asked(MARCH, 100, Past()).after
    assert not refused(APRIL, people, past)


def test_cohorts_that_are_not_nested_are_for_admission() -> None:
    past = asked(MARCH, 100, Past()).after
    assert not refused(APRIL, 101, past, first=1)


def test_the_same_filter_over_newer_data_is_for_admission() -> None:
    """Three people who were registered late: their total is hidden, the question is not refused."""
    past = asked(MARCH, 100, Past()).after
    refreshed = asked(MARCH, 103, past)
    assert refreshed.audit.withheld == 1
    assert refused(APRIL, 104, refreshed.after)


def test_a_question_that_no_filter_makes_is_never_refused() -> None:
    past = asked(None, 100, Past()).after
    assert len(past.cohorts.people) == 0
    assert asked(None, 103, past).audit.withheld == 1


def test_a_cohort_counts_although_its_total_was_hidden() -> None:
    """Of 103 people after 100 nothing is told in all; 104 by another filter are refused all the same."""
    past = asked(MARCH, 103, asked(MARCH, 100, Past()).after).after
    assert [each.size for each in (past.cohorts.people[0], past.cohorts.people[1])] == [100, 103]
    assert refused(APRIL, 112, past)


def test_a_cohort_is_kept_once() -> None:
    kept = Cohorts().with_(b"m", np.arange(5, dtype=np.int32)).with_(b"m", np.arange(5, dtype=np.int32))
    assert kept.filters == (b"m",)
    assert len(kept.with_(b"a", np.arange(5, dtype=np.int32)).people) == 2
    assert repr(kept) == "Cohorts(withheld)"
