"""Queries as a table."""

from __future__ import annotations

from service.queries.rules import TRANSITIONS, QueryEvent, QueryState, next_state

ENDS = {QueryState.CONTROLLED, QueryState.FAILED}


def test_every_state_and_event_has_its_place_in_the_table() -> None:
    assert {state for state, _ in TRANSITIONS} == set(QueryState) - ENDS
    assert {event for _, event in TRANSITIONS} == set(QueryEvent)
    assert set(TRANSITIONS.values()) == set(QueryState) - {QueryState.ASKED}
    assert all(next_state(state, event) is None for state in ENDS for event in QueryEvent)


def test_no_query_is_controlled_before_it_is_answered() -> None:
    assert next_state(QueryState.ASKED, QueryEvent.CONTROLLED) is None
