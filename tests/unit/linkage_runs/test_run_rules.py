"""Linkage runs as a table."""

from __future__ import annotations

import pytest

from service.linkage_runs.rules import TRANSITIONS, RunEvent, RunState, check_can_link, next_state
from service.problems.results import NothingToLink

ENDS = {RunState.FINISHED, RunState.FAILED}


def test_every_state_and_event_has_its_place_in_the_table() -> None:
    assert {state for state, _ in TRANSITIONS} == set(RunState) - ENDS
    assert {event for _, event in TRANSITIONS} == set(RunEvent)
    assert set(TRANSITIONS.values()) == set(RunState) - {RunState.ASKED}
    assert all(next_state(state, event) is None for state in ENDS for event in RunEvent)


@pytest.mark.parametrize("providers", [[], ["north"], ["north", "north"]])
def test_one_provider_has_nobody_to_link_to(providers: list[str]) -> None:
    with pytest.raises(NothingToLink):
        check_can_link(providers)


def test_two_providers_are_enough() -> None:
    check_can_link(["north", "south"])
