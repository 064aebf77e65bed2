"""When a permit is in force."""

from __future__ import annotations

from datetime import date

import pytest

from linkage_engine.catalogue.policies import POLICIES, policy_text
from linkage_engine.disclosure.policy import Policy
from service.problems.projects import GrantNotLive, PermitNotLive, PermitRefused
from service.projects.rules import check_live, limits_for
from tests.factories import a_grant, a_permit, the_people

PERMIT = a_permit(list(the_people().values()), valid_from=date(2026, 1, 1), valid_to=date(2026, 1, 31))


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 1, 31)])
def test_a_permit_is_live_on_its_first_and_last_day(today: date) -> None:
    check_live(PERMIT, today)


@pytest.mark.parametrize("today", [date(2025, 12, 31), date(2026, 2, 1)])
def test_a_permit_is_not_live_before_or_after(today: date) -> None:
    with pytest.raises(PermitNotLive) as refused:
        check_live(PERMIT, today)
    assert refused.value.facts == {"valid_from": "2026-01-01", "valid_to": "2026-01-31"}


def test_a_permit_is_not_live_after_the_first_of_its_grants_has_ended() -> None:
    ends = date(2026, 1, 20)
    grants = (a_grant("north", "death"), a_grant("south", "apc_spell", valid_to=ends))
    permit = PERMIT.model_copy(update={"data_sets": grants})
    check_live(permit, ends)
    with pytest.raises(GrantNotLive) as refused:
        check_live(permit, date(2026, 1, 21))
    assert refused.value.facts == {"data_sets": "south:apc_spell"}


@pytest.mark.parametrize("policy", POLICIES)
def test_questions_are_held_to_the_limits_that_the_gate_reads_in_the_policy(policy: str) -> None:
    held = limits_for(PERMIT.model_copy(update={"policy": policy}))
    assert held == Policy.from_json(policy_text(policy)).limits


def test_a_policy_that_nobody_ships_has_no_limits() -> None:
    with pytest.raises(PermitRefused):
        limits_for(PERMIT.model_copy(update={"policy": "anything-goes"}))
