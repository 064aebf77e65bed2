"""Pre-flights through the engine's doors: no outcome is read, nothing is kept, coarser ones fit."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor
from linkage_engine.contract.preflight import Preflight
from linkage_engine.contract.query_spec import Breakdown, QuerySpec
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from tests.factories import NOON, PROJECT, a_specification
from tests.integration.doors.test_emergency_through_the_doors import (
    DELIVERIES,
    PARTS,
    an_analysis,
    an_inside,
    answered,
    controlled,
)
from tests.spec.drawn_emergency import an_emergency_spec
from tests.spec.drawn_linkage import a_linkage_spec

PREVALENCE = a_specification(breakdowns=(Breakdown.TUMOUR_GROUP, Breakdown.SEX, Breakdown.AGE_BAND))
EMERGENCY = an_emergency_spec(
    Breakdown.SEX,
    Breakdown.AGE_BAND,
    diagnosed_from=date(2020, 1, 1),
    diagnosed_to=date(2020, 12, 31),
    age_bands="ten_year",
    events=("emergency_admission",),
).model_copy(update={"project_id": PROJECT})
QUALITY = a_linkage_spec(Breakdown.SEX, Breakdown.AGE_BAND, Breakdown.AREA, age_bands="ten_year").model_copy(
    update={"project_id": PROJECT}
)
OUTCOMES = {
    "prevalence": ("registry", "cancer_registration"),
    "emergency_15m": ("hospital", "apc_spell"),
    "linkage_quality": ("registry", "cancer_registration"),
}


def handed_over(door: AnalysisDoor, gate: GateDoor, spec: QuerySpec) -> bytes:
    target = io.BytesIO()
    door.answer(spec, target, gate.inside.identity.recipient, seconds=60, outcomes=False)
    return target.getvalue()


def foreseen(door: AnalysisDoor, gate: GateDoor, spec: QuerySpec) -> Preflight:
    question = SignedQuestion(asked_by="rosalind", asked_at=NOON, nonce="ab" * 16, specification=spec)
    return gate.foresee(io.BytesIO(handed_over(door, gate, spec)), question, policy="nhs-cancer-default")


def coarser(spec: QuerySpec) -> Iterable[QuerySpec]:
    """The questions that a pre-flight speaks of beside its own, in its order."""
    if spec.parameters.age_bands == "ten_year":
        parameters = spec.parameters.model_copy(update={"age_bands": "broad"})
        yield spec.model_copy(update={"parameters": parameters})
    for left_out in spec.breakdowns:
        kept = tuple(each for each in spec.breakdowns if each is not left_out)
        yield spec.model_copy(update={"breakdowns": kept})


@pytest.mark.parametrize("spec", [PREVALENCE, EMERGENCY, QUALITY], ids=lambda spec: spec.template)
def test_coarser_questions_are_foreseen_as_if_they_were_asked_themselves(
    spec: QuerySpec, tmp_path: Path
) -> None:
    door, gate = an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate"))
    told = foreseen(door, gate, spec)
    asked = [foreseen(door, gate, each).asked for each in coarser(spec)]
    assert [(each.cells, each.hidden) for each in told.coarser] == [(a.cells, a.hidden) for a in asked]
    assert gate.inside.vault.names(PROJECT, "") == (), "nothing is kept, nor is a history begun"


@pytest.mark.parametrize("spec", [PREVALENCE, EMERGENCY, QUALITY], ids=lambda spec: spec.template)
def test_the_answer_then_hides_what_was_foreseen(spec: QuerySpec, tmp_path: Path) -> None:
    door, gate = an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate"))
    told = foreseen(door, gate, spec).asked
    record = controlled(gate, answered(door, gate, spec), spec).table.record
    withheld = next(rule.cells for rule in record.rules if rule.rule == "population_withheld")
    assert (told.cells, told.hidden) == (record.cells, withheld)


@pytest.mark.parametrize("spec", [PREVALENCE, EMERGENCY, QUALITY], ids=lambda spec: spec.template)
def test_no_row_of_an_outcome_is_read(spec: QuerySpec, tmp_path: Path) -> None:
    """Whoever is counted, and if nobody ever was: the same; were a row asked for, the vault would refuse."""
    door, gate = an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate"))
    before = foreseen(door, gate, spec).to_json()
    provider, name = OUTCOMES[spec.template]
    vault, kept = door.inside.vault, f"payload/{provider}/{DELIVERIES[provider]}/{name}"
    rows = vault.read(PROJECT, kept)
    vault.write(PROJECT, kept, rows.slice(0, 0), replace=True)
    assert foreseen(door, gate, spec).to_json() == before
    vault.write(PROJECT, kept, rows.select([]), replace=True)
    assert foreseen(door, gate, spec).to_json() == before


def test_a_preflight_after_an_answer_leaves_the_history_as_it_is(tmp_path: Path) -> None:
    door, gate = an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate"))
    controlled(gate, answered(door, gate, PREVALENCE), PREVALENCE)
    vault = gate.inside.vault
    before = {name: vault.read(PROJECT, name) for name in vault.names(PROJECT, "")}
    told = [foreseen(door, gate, PREVALENCE), foreseen(door, gate, PREVALENCE)]
    assert told[0] == told[1]
    assert {name: vault.read(PROJECT, name) for name in vault.names(PROJECT, "")} == before


def test_what_is_off_the_calendar_or_another_question_is_refused_at_the_gate_too(tmp_path: Path) -> None:
    door, gate = an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate"))
    parameters = PREVALENCE.parameters.model_copy(update={"index_date": date(2025, 12, 30)})
    with pytest.raises(QueryRefused) as refused:
        foreseen(door, gate, PREVALENCE.model_copy(update={"parameters": parameters}))
    assert refused.value.code is RefusalCode.SPECIFICATION_INVALID
    question = SignedQuestion(asked_by="rosalind", asked_at=NOON, nonce="ab" * 16, specification=PREVALENCE)
    sealed = io.BytesIO(handed_over(door, gate, EMERGENCY))
    with pytest.raises(NotTrusted) as distrusted:
        gate.foresee(sealed, question, policy="nhs-cancer-default")
    assert distrusted.value.code is RefusalCode.HAND_OVER_INVALID
