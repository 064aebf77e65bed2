"""Reviews of cancer care, from sealed parts to a controlled table, through the engine's doors."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from tests.factories import PROJECT
from tests.integration.doors.test_around_diagnosis_through_the_doors import shown
from tests.integration.doors.test_emergency_through_the_doors import (
    PARTS,
    WITH_CANCER,
    an_analysis,
    an_inside,
    answered,
    controlled,
    receive,
    receive_crosswalk,
)
from tests.integration.doors.test_preflight_through_the_doors import foreseen
from tests.integration.doors.test_registers_through_the_doors import CODED
from tests.spec.drawn_care_reviews import a_review_spec

OURS = {"project_id": PROJECT}
ENTERED = date(2020, 4, 1)
WITH_REVIEW = 25
_ENTRIES = [
    row | {"event_date": "2018-04-01"} if place >= WITH_CANCER - 20 else row
    for place, row in enumerate(CODED[1])
]
REVIEWED = ("practice", [
    *_ENTRIES,
    *(
        row | {
            "gp_event_id": f"R{row['gp_event_id']}",
            "event_date": (ENTERED + timedelta(days=300)).isoformat(),
            "concept_type": "review",
        }
        for row in _ENTRIES[:WITH_REVIEW]
    ),
])  # fmt: skip
"""Of seventy on a register forty are since 1 April 2020, of whom 25 are reviewed in time."""


def test_reviews_are_counted_and_controlled(tmp_path: Path) -> None:
    """Who was reviewed more than 12 months before the end is out of CAN004, and counts in plain words."""
    spec = a_review_spec(Breakdown.SEX, year="2021/22").model_copy(update=OURS)
    gate, door = GateDoor(an_inside(tmp_path / "gate")), AnalysisDoor(an_inside(tmp_path / "analysis"))
    parts = PARTS | {"gp_event": REVIEWED}
    for name in ("gp_registration", "gp_event"):
        receive(door, name, *parts[name], extract_date=date(2022, 6, 1))
    receive_crosswalk(door)
    assert foreseen(door, gate, spec).asked.cells == 4
    total = shown(controlled(gate, answered(door, gate, spec), spec))["Total"]
    exact = {
        "register": 70,
        "can004_can_dat24m": 30,
        "can004_mdrv_dat": 25,
        "can004_denominator": 15,
        "review_due": 40,
        "reviewed": 25,
    }
    assert {name: total[name] for name in exact} == {n: pytest.approx(x, abs=3) for n, x in exact.items()}
    reviewed, due = total["reviewed"], total["review_due"]
    assert isinstance(reviewed, float)
    assert isinstance(due, float)
    assert total["reviewed_percent"] == pytest.approx(100 * reviewed / due, abs=0.05)


def test_without_practices_events_reviews_are_refused(tmp_path: Path) -> None:
    spec = a_review_spec().model_copy(update=OURS)
    with pytest.raises(QueryRefused) as refusal:
        answered(an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate")), spec)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA
