"""Near-identical counts of one population through the gate's door: what is kept, and what checkers see."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pytest

from linkage_engine.boundary import GateDoor
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from service.checker.evidence import history_lines
from tests.factories import NOON, PROJECT, a_specification
from tests.integration.doors.test_history_through_the_doors import (
    FIRST,
    FIRST_ID,
    SECOND_ID,
    THIRD_ID,
    a_gate,
    handed_over,
    of_the_state,
)


def looking_back(door: GateDoor, release_id: str, years: int) -> Evidence:
    asked = a_specification(parameters={"index_date": "2024-12-31", "lookback_years": years})
    return door.control(
        io.BytesIO(handed_over(FIRST)),
        SignedQuestion(asked_by="ada", asked_at=NOON, nonce="ab" * 16, specification=asked),
        release_id=release_id,
        policy="nhs-cancer-default",
        specification_sha256=f"{years:064x}",
    )


def test_two_looks_back_over_the_same_people_are_named_and_the_same_one_is_not(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    first, again = (looking_back(door, release_id, 20) for release_id in (FIRST_ID, SECOND_ID))
    assert again.history.outcomes == first.history.outcomes
    (outcome,) = looking_back(door, THIRD_ID, 21).history.outcomes
    assert (outcome.outcomes, outcome.sets, outcome.told_otherwise, outcome.ways) == (
        ("cancer_diagnosed",),
        3,
        3,
        2,
    )
    said = history_lines(looking_back(door, THIRD_ID, 21).history)
    assert any(line.startswith("COUNTED OTHERWISE BEFORE: cancer_diagnosed over 3") for line in said)


def test_a_state_from_before_outcomes_were_kept_is_refused(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    looking_back(door, FIRST_ID, 20)
    (name,) = (path.stem for path in of_the_state(tmp_path))
    state = door.inside.vault.read(PROJECT, f"history/{name}")
    older = state.filter(pa.array([each != "version" for each in state["name"].to_pylist()]))
    door.inside.vault.write(PROJECT, f"history/{name}", older, replace=True)
    with pytest.raises(EngineRefusal) as refusal:
        looking_back(door, SECOND_ID, 21)
    assert refusal.value.code is RefusalCode.HISTORY_MISSING


def test_a_column_that_nobody_knows_is_damage(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    looking_back(door, FIRST_ID, 20)
    (name,) = (path.stem for path in of_the_state(tmp_path))
    state = door.inside.vault.read(PROJECT, f"history/{name}")
    names = pa.array(["another" if each == "version" else each for each in state["name"].to_pylist()])
    changed = state.set_column(0, "name", names)
    door.inside.vault.write(PROJECT, f"history/{name}", changed, replace=True)
    with pytest.raises(EngineRefusal) as refusal:
        looking_back(door, SECOND_ID, 21)
    assert refusal.value.code is RefusalCode.VAULT_DAMAGED
