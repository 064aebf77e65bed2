"""When a permit is in force."""

from __future__ import annotations

from datetime import date

import pytest

from service.problems.projects import PermitNotLive
from service.projects.rules import check_live
from tests.factories import a_permit, the_people

PERMIT = a_permit(list(the_people().values()), valid_from=date(2026, 1, 1), valid_to=date(2026, 1, 31))


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 1, 31)])
def test_a_permit_is_live_on_its_first_and_last_day(today: date) -> None:
    check_live(PERMIT, today)


@pytest.mark.parametrize("today", [date(2025, 12, 31), date(2026, 2, 1)])
def test_a_permit_is_not_live_before_or_after(today: date) -> None:
    with pytest.raises(PermitNotLive) as refused:
        check_live(PERMIT, today)
    assert refused.value.facts == {"valid_from": "2026-01-01", "valid_to": "2026-01-31"}
