"""Personalised care by trust, from sealed parts to a controlled table, through the engine's doors."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor
from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
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
    on,
    receive,
    receive_crosswalk,
)
from tests.integration.doors.test_preflight_through_the_doors import foreseen
from tests.spec.drawn_personalised_care import a_care_spec

SPEC = a_care_spec(Breakdown.ORGANISATION, organisations=("RAA", "RBB", "RCC")).model_copy(
    update={"project_id": PROJECT}
)
OF_HOSPITAL = ("hospital", [
    {
        "person_key": key(person),
        "personalised_care_record_id": f"R{person}",
        "tumour_id": f"T{person}",
        "organisation_site_identifier": "RAA01" if person < 40 else "RBB01",
        "hna_status": ("offered_accepted" if person < 25 else "not_offered") if person < 40 else "",
        "hna_date": on(60) if person < 13 else "",
        "pcsp_status": "",
        "pcsp_date": "",
        "end_of_treatment_summary_date": "",
        "treatment_start_date": on(40),
        "treatment_end_date": on(200),
    }
    for person in range(WITH_CANCER)
])  # fmt: skip
"""Forty people at a trust that offers an assessment to 25, twenty at one that says nothing."""


def test_care_is_told_by_trust_and_no_submission_is_no_nought(tmp_path: Path) -> None:
    gate, door = GateDoor(an_inside(tmp_path / "gate")), AnalysisDoor(an_inside(tmp_path / "analysis"))
    for name in ("gp_registration", "cancer_registration"):
        receive(door, name, *PARTS[name])
    receive(door, "cosd_personalised_care", *OF_HOSPITAL)
    receive_crosswalk(door)
    evidence = controlled(gate, answered(door, gate, SPEC), SPEC)
    rows = {
        trust: {
            name.removeprefix("needs_assessment_"): told
            for name, told in row.items()
            if name.startswith("needs_assessment") or name == "diagnosed"
        }
        for trust, row in shown(evidence).items()
    }
    told = rows["RAA"]
    offered, not_offered = told["offered"], told["not_offered"]
    assert isinstance(offered, float)
    assert isinstance(not_offered, float)
    assert told["offered_percent"] == pytest.approx(100 * offered / (offered + not_offered), abs=0.05)
    assert told["accepted_percent"] == 100.0
    assert told["no_submission"] is CellStatus.LOW
    silent = rows["RBB"]
    assert silent["offered_percent"] is not CellStatus.LOW
    assert not isinstance(silent["offered_percent"], float)
    assert not isinstance(rows["RCC"]["diagnosed"], float)
    whole = rows["Total"]
    assert isinstance(whole["no_submission"], float)


def test_a_preflight_by_trust_reads_who_is_at_which_and_without_it_reads_no_care(tmp_path: Path) -> None:
    gate = GateDoor(an_inside(tmp_path / "gate"))
    door = an_analysis(tmp_path, ("gp_registration", "cancer_registration"))
    receive(door, "cosd_personalised_care", *OF_HOSPITAL)
    by_trust = foreseen(door, gate, SPEC)
    assert (by_trust.asked.cells, by_trust.asked.hidden) == (4, 1), "the trust that has nobody"
    by_sex = foreseen(door, gate, a_care_spec(Breakdown.SEX).model_copy(update={"project_id": PROJECT}))
    assert (by_sex.asked.cells, by_sex.asked.hidden) == (4, 2), "nobody's sex was sent"


def test_a_delivery_from_before_treatments_had_an_end_has_to_be_sent_again(tmp_path: Path) -> None:
    """Its people would be taken for people under treatment, and no summary would be due."""
    door = an_analysis(tmp_path, ("gp_registration", "cancer_registration"))
    receive(door, "cosd_personalised_care", *OF_HOSPITAL)
    vault, name = door.inside.vault, f"payload/hospital/{DELIVERIES['hospital']}/cosd_personalised_care"
    kept = vault.read(PROJECT, name)
    vault.write(PROJECT, name, kept.drop_columns(["treatment_end_date"]), replace=True)
    with pytest.raises(QueryRefused) as refusal:
        answered(door, GateDoor(an_inside(tmp_path / "gate")), SPEC)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA


def test_without_records_of_care_the_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryRefused) as refusal:
        answered(an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate")), SPEC)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA
