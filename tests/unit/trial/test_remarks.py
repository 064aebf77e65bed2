"""What is said of the days that a question asks about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from linkage_engine.contract.query_spec import query_spec
from linkage_engine.laboratory.trial.remarks import Held, remarks
from tests.unit.contract.test_query_spec import (
    EMERGENCY,
    EXCESS,
    PREVALENCE,
    QUALITY,
    SOCIAL_CARE,
    TRAJECTORY,
    changed,
)

HELD = Held(diagnoses_from=date(2003, 4, 1), events_from=date(2020, 4, 1), until=date(2025, 3, 31))
PERIOD = {"diagnosed_from": "2022-01-01", "diagnosed_to": "2022-12-31"}


def said(fields: dict[str, Any]) -> list[str]:
    return [remark.code for remark in remarks(query_spec(fields), HELD)]


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        (QUALITY, []),
        (changed(PREVALENCE, index_date="2024-12-31", lookback_years=21), []),
        (changed(PREVALENCE, index_date="2024-03-31", lookback_years=21), ["before-the-data-begin"]),
        (changed(PREVALENCE, index_date="2025-04-01", lookback_years=5), ["after-the-data-end"]),
        (changed(EMERGENCY, **PERIOD), []),
        (changed(EMERGENCY, **PERIOD | {"diagnosed_to": "2024-01-01"}), ["follow-up-past-the-data"]),
        (changed(EMERGENCY, **PERIOD | {"diagnosed_from": "2020-03-31"}), ["before-the-data-begin"]),
        (changed(EMERGENCY, **PERIOD | {"diagnosed_from": "2020-04-01"}), []),
        (changed(TRAJECTORY, **PERIOD, months_after=36), ["follow-up-past-the-data"]),
        (changed(SOCIAL_CARE, **PERIOD | {"diagnosed_from": "2021-03-31"}), ["before-the-data-begin"]),
        (changed(EXCESS, **PERIOD, from_month=-3, to_month=3), ["windows-overlap"]),
        (changed(EXCESS, **PERIOD, from_month=-3, to_month=0), []),
    ],
)
def test_days_that_the_data_do_not_have_are_named(fields: dict[str, Any], codes: list[str]) -> None:
    assert said(fields) == codes


def test_the_remedy_names_the_last_day_that_fits() -> None:
    asked = changed(EMERGENCY, **PERIOD | {"diagnosed_to": "2024-12-31"})
    [remark] = remarks(query_spec(asked), HELD)
    day = remark.remedy.split("diagnosed_to be ")[1].split(" ")[0]
    assert said(changed(EMERGENCY, **PERIOD | {"diagnosed_to": day})) == []
    later = date.fromisoformat(day) + timedelta(days=1)
    assert said(changed(EMERGENCY, **PERIOD | {"diagnosed_to": later.isoformat()})) != []
