"""A survey from sealed parts to a controlled table, through the engine's doors."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor
from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.quality_of_life.statements import ANSWERS
from tests.factories import PROJECT
from tests.integration.doors.test_around_diagnosis_through_the_doors import shown
from tests.integration.doors.test_emergency_through_the_doors import (
    DELIVERIES,
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
from tests.integration.doors.test_preflight_through_the_doors import foreseen
from tests.spec.drawn_survey import a_survey_spec

SPEC = a_survey_spec(
    Breakdown.SEX,
    invited_from=date(2021, 1, 1),
    invited_to=date(2021, 12, 31),
    scores=("eq_vas", "eq_index", "pain", "mobility"),
).model_copy(update={"project_id": PROJECT})


def replied(person: int) -> dict[str, str]:
    """Every other couple of people answers; a place on the scale for each, pain for one in four."""
    answers = {
        "response_date": "2021-10-01",
        "linkage_consent": "yes",
        "eq_vas": str(40 + person),
        **{f"eq_{name}": str(1 + person % 2) for name in ("mo", "sc", "ua", "pd", "ad")},
        "q9": str(1 + person % 4),
        "q19": str(1 + person % 4),
    }
    invitation = {"person_key": key(person), "invite_date": "2021-09-01"} | dict.fromkeys(ANSWERS, "")
    return invitation | (answers if person % 4 < 2 else {})


SURVEY = ("registry", [replied(person) for person in range(WITH_CANCER)])


def a_door(folder: Path) -> AnalysisDoor:
    door = AnalysisDoor(an_inside(folder / "analysis"))
    for name, (provider, rows) in (PARTS | {"qol_response": SURVEY}).items():
        receive(door, name, provider, rows)
    receive_crosswalk(door)
    return door


def test_scores_are_told_with_limits_and_beside_the_general_population(tmp_path: Path) -> None:
    """30 of 60 answered: places 40, 41, 44 ... 97, mean 68.5; a profile of ones and one of twos by turns."""
    door, gate = a_door(tmp_path), GateDoor(an_inside(tmp_path / "gate"))
    rows = shown(controlled(gate, answered(door, gate, SPEC), SPEC))
    total = rows["Total"]
    assert (total["people"], total["responded"], total["response_percent"]) == (57, 27, 47.4)
    assert total["eq_vas_mean"] == 68.5
    assert total["eq_vas_expected"] == pytest.approx((820 + 816) / 20, abs=0.05)
    assert total["eq_vas_difference"] == pytest.approx(68.5 - 81.8)
    assert total["mobility_percent"] == 50
    # Mean loss of 0 and 216 thousandths (32 + 38 + 49 + 56 + 41) by turns: 15 of each.
    assert total["eq_index_mean"] == pytest.approx(1 - 0.108, abs=0.001)
    # Levels 0 and 2 of 6 by turns.
    assert total["pain_mean"] == pytest.approx(16.7)
    assert {rows["Male"]["eq_vas_mean"], rows["Female"]["eq_vas_mean"]} == {CellStatus.CONFIDENTIAL}
    assert rows["Not known or not specified"]["people"] is CellStatus.CONFIDENTIAL


def test_a_preflight_reads_who_was_invited_and_no_answer(tmp_path: Path) -> None:
    """Whatever was answered, and were no column of answers there: the same."""
    door, gate = a_door(tmp_path), GateDoor(an_inside(tmp_path / "gate"))
    before = foreseen(door, gate, SPEC)
    assert (before.asked.cells, before.asked.hidden) == (4, 1)
    vault, kept = door.inside.vault, f"payload/registry/{DELIVERIES['registry']}/qol_response"
    rows = vault.read(PROJECT, kept)
    vault.write(PROJECT, kept, rows.select(["person_key", "invite_date"]), replace=True)
    assert foreseen(door, gate, SPEC) == before
    with pytest.raises(QueryRefused):
        answered(door, gate, SPEC)


def test_without_a_survey_the_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryRefused) as refusal:
        answered(an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate")), SPEC)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA
