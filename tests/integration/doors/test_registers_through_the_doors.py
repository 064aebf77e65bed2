"""Registers against the registry, from sealed parts to a controlled table, through the engine's doors."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.disclosure.statistics.two_lists import chapman
from tests.factories import PROJECT
from tests.integration.doors.test_around_diagnosis_through_the_doors import shown
from tests.integration.doors.test_emergency_through_the_doors import (
    PARTS,
    WITH_CANCER,
    an_analysis,
    an_inside,
    answered,
    controlled,
    key,
    receive,
    receive_crosswalk,
)
from tests.spec.drawn_registers import a_register_spec

OURS = {"project_id": PROJECT}
CODED = ("practice", [
    {
        "person_key": key(person),
        "gp_event_id": f"E{person}",
        "event_date": "2020-04-01",
        "concept_type": "diagnosis",
        "condition": "cancer",
        "code_system": "",
        "code": "",
        "staff_role": "",
        "mode": "",
        "gp_practice_code": "A00001",
    }
    for person in (*range(20, WITH_CANCER), *range(100, 130))
])  # fmt: skip
"""Twenty of 60 with cancer are not on a register; thirty others are."""


def test_registers_are_compared_and_controlled(tmp_path: Path) -> None:
    spec = a_register_spec(Breakdown.SEX).model_copy(update=OURS)
    gate, door = GateDoor(an_inside(tmp_path / "gate")), AnalysisDoor(an_inside(tmp_path / "analysis"))
    for name, (provider, rows) in (PARTS | {"gp_event": CODED}).items():
        receive(door, name, provider, rows)
    receive_crosswalk(door)
    total = shown(controlled(gate, answered(door, gate, spec), spec))["Total"]
    both, registry_only, register_only = (total[name] for name in ("both", "registry_only", "register_only"))
    assert isinstance(both, float)
    assert isinstance(registry_only, float)
    assert isinstance(register_only, float)
    assert total["registry"] == both + registry_only
    assert total["completeness"] == pytest.approx(100 * both / (both + registry_only), abs=0.05)
    assert total["estimated"] == round(chapman(both, registry_only, register_only))


def test_without_practices_records_the_question_is_refused(tmp_path: Path) -> None:
    spec = a_register_spec().model_copy(update=OURS)
    with pytest.raises(QueryRefused) as refusal:
        answered(an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate")), spec)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA
