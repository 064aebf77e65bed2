"""Linkage runs as a table."""

from __future__ import annotations

import pytest

from linkage_engine.contract.controlled_table import CellStatus, ControlledValue
from linkage_engine.contract.reports import SpineFigures
from service.linkage_runs.rules import (
    TRANSITIONS,
    RunEvent,
    RunState,
    check_can_link,
    check_one_secret,
    next_state,
    told_changes,
)
from service.problems.linkage_secrets import EarlierLinkageSecret
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


def test_what_disclosure_control_hid_of_the_spine_is_not_entered() -> None:
    merged = ControlledValue(value=15, status=CellStatus.SHOWN)
    assert told_changes(SpineFigures(persons_merged=merged)) == {"persons_merged": 15}
    assert told_changes(SpineFigures()) == {}


def test_deliveries_of_another_epoch_or_secret_are_named_by_their_providers() -> None:
    check_one_secret({"north": (2, "ab"), "south": (2, "ab")}, (2, "ab"))
    with pytest.raises(EarlierLinkageSecret) as refused:
        check_one_secret({"south": (1, "ab"), "north": (2, "cd"), "west": (2, "ab")}, (2, "ab"))
    assert refused.value.facts == {"providers": "north, south"}
