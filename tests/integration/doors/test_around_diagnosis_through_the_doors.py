"""Use of services around a diagnosis from sealed parts to a controlled table, through the engine's doors.

60 cases diagnosed in March 2020, 400 others; every third person is admitted on 31 March 2020.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor
from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.query_spec import Breakdown, ExcessSpec, TrajectorySpec
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.disclosure.intervals import byar
from tests.factories import PROJECT
from tests.integration.doors.test_emergency_through_the_doors import (
    PARTS,
    WITH_CANCER,
    an_analysis,
    an_inside,
    answered,
    controlled,
    key,
    on,
    receive,
    receive_crosswalk,
)
from tests.spec.test_excess_vs_same_age_sex import an_excess_spec
from tests.spec.test_service_use_trajectory import a_trajectory_spec
from tests.spec.test_social_care_response import a_social_care_spec

OURS = {"project_id": PROJECT}


def trajectory(**parameters: Any) -> TrajectorySpec:
    return a_trajectory_spec(**parameters).model_copy(update=OURS)


def released(folder: Path, spec: TrajectorySpec | ExcessSpec) -> Evidence:
    gate = GateDoor(an_inside(folder / "gate"))
    return controlled(gate, answered(an_analysis(folder, PARTS), gate, spec), spec)


def shown(evidence: Evidence) -> dict[str, dict[str, float | CellStatus | None]]:
    """Every row's figures by name, or why there is none."""
    names = [measure.name for measure in evidence.table.measures]
    return {
        row.labels[0] if row.labels else "": {
            name: told.value if told.status is CellStatus.SHOWN else told.status
            for name, told in zip(names, row.values, strict=True)
        }
        for row in evidence.table.rows
    }


def test_a_trajectory_is_answered_and_controlled(tmp_path: Path) -> None:
    """Month 0 has all of the 20 cases' admissions: the earliest diagnosis, 1 March, is 30 days before."""
    evidence = released(tmp_path, trajectory())
    rows = shown(evidence)
    assert list(rows) == ["Month -1", "Month 0", "Month 1", "Total"]
    month = rows["Month 0"]
    assert (month["cases"], month["at_risk"]) == (57, CellStatus.HIGH)
    assert month["emergency_admission_observed"] == 21
    years = month["person_years"]
    assert isinstance(years, float)
    assert years == pytest.approx(57 * 31 / 365.25, rel=0.01)
    assert month["emergency_admission_rate"] == float(f"{1000 * 21 / years:.3g}")
    assert month["emergency_admission_rate_lower"] == float(f"{1000 * byar(21)[0] / years:.3g}")
    expected = month["emergency_admission_expected"]
    assert isinstance(expected, float)
    assert month["emergency_admission_expected_rate"] == float(f"{1000 * expected / years:.3g}")
    assert month["emergency_admission_ratio"] == round(21 / expected, 2)
    before = rows["Month -1"]
    assert before["person_years"] == pytest.approx(57 * 30 / 365.25, rel=0.01)
    assert before["emergency_admission_observed"] == CellStatus.LOW, "nobody was admitted before"
    assert before["emergency_admission_rate"] == CellStatus.LOW


def test_of_a_period_in_which_nobody_is_left_no_time_is_told(tmp_path: Path) -> None:
    """Hospital data up to 1 January 2022: the last month of diagnoses in March 2020 lies beyond."""
    rows = shown(released(tmp_path, trajectory(months_after=24)))
    last = rows["Month 23"]
    assert last["cases"] == 57, "along periods the people are the same"
    assert {last[name] for name in ("at_risk", "person_years", "emergency_admission_expected")} == {
        CellStatus.LOW
    }
    assert rows["Month 12"]["person_years"] == pytest.approx(57 * 30.4375 / 365.25, rel=0.02)


def test_an_excess_is_answered_and_controlled(tmp_path: Path) -> None:
    spec = an_excess_spec(Breakdown.SEX, to_month=1).model_copy(update=OURS)
    total = shown(released(tmp_path, spec))["Total"]
    expected, years = total["emergency_admission_expected"], total["person_years"]
    assert isinstance(expected, float)
    assert isinstance(years, float)
    assert total["emergency_admission_observed"] == 21
    assert total["emergency_admission_difference"] == float(f"{1000 * (21 - expected) / years:.3g}")
    upper = 1000 * (byar(21)[1] - expected) / years
    assert total["emergency_admission_difference_upper"] == float(f"{upper:.3g}")


CARE = {
    "asc_cld_event": (
        "hospital",
        [
            {
                "person_key": key(n),
                "event_reference": f"E{n}",
                "la_code": "E09000001",
                "event_type": "assessment",
                "event_start_date": on(45),
            }
            for n in range(0, WITH_CANCER, 2)
        ],
    )
}


def test_first_assessments_are_answered_and_controlled(tmp_path: Path) -> None:
    """Every second of 60 cases is assessed on 15 April 2020, 16 to 45 days after it; nobody dies."""
    spec = a_social_care_spec().model_copy(update=OURS)
    gate, door = GateDoor(an_inside(tmp_path / "gate")), AnalysisDoor(an_inside(tmp_path / "analysis"))
    for name, (provider, rows) in (PARTS | CARE).items():
        receive(door, name, provider, rows)
    receive_crosswalk(door)
    total = shown(controlled(gate, answered(door, gate, spec), spec))[""]
    assert (total["cases"], total["care_assessment_persons"]) == (57, 27)
    assert total["care_assessment_died"] == CellStatus.LOW
    assert total["care_assessment_before"] == CellStatus.LOW, "nobody was assessed in the year before"
    told = {total[f"care_assessment_within_{months}m"] for months in (3, 6, 12, 18)}
    assert len(told) == 1, "nothing happens after three months"
    (share,) = told
    assert isinstance(share, float)
    assert share == pytest.approx(50, abs=5), "from rounded steps"


def test_without_the_data_of_a_kind_of_event_the_question_is_refused(tmp_path: Path) -> None:
    door = an_analysis(tmp_path, PARTS)
    spec = trajectory(events=("emergency_admission", "care_assessment"))
    with pytest.raises(QueryRefused) as refusal:
        answered(door, GateDoor(an_inside(tmp_path / "gate")), spec)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA


def test_the_answer_to_another_question_around_a_diagnosis_is_not_believed(tmp_path: Path) -> None:
    """Its cells are others: the gate makes no table of them."""
    door, gate = an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate"))
    sealed = answered(door, gate, trajectory())
    other = an_excess_spec(Breakdown.SEX).model_copy(update=OURS)
    with pytest.raises(NotTrusted) as refusal:
        controlled(gate, sealed, other)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID
