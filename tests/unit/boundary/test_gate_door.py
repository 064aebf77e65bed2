"""The gate's door: answers controlled, evidence kept and opened."""

from __future__ import annotations

import io
import json

import pytest

from linkage_engine.boundary import Linked
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.unseal.unseal import unseal_bytes
from tests.unit.boundary.doors import (
    IDENTITIES,
    POLICY,
    RELEASE,
    Deliveries,
    Doors,
    answered,
    by_hand,
    controlled,
    hand_over,
    of_run,
    ready,
    receive_payload,
    recipient_of,
    refuses,
    specification,
)


def test_evidence_has_every_exact_number_and_the_table_none(
    doors: Doors, delivered: Deliveries, linked: Linked
) -> None:
    ready(doors, delivered, linked)
    spec = specification(Breakdown.SEX)
    evidence = controlled(doors, answered(doors, spec), spec)
    exact = {row.labels: numbers for row, numbers in zip(evidence.table.rows, evidence.exact, strict=True)}
    assert exact["Female",] == (36, 86, 41.9, 41860)
    assert exact["Not known or not specified",] == (0, 0, None, None)
    assert evidence.table.record.policy == POLICY
    assert evidence.table.record.cells_hidden == 1


def test_a_small_group_is_hidden_in_the_table_but_shown_to_checkers(
    doors: Doors, delivered: Deliveries
) -> None:
    receive_payload(doors, delivered.values())
    hand_over(doors, by_hand(delivered))
    evidence = controlled(doors, answered(doors, specification()), specification())
    ((numerator, *_),) = (row.values for row in evidence.table.rows)
    assert numerator.value is None
    assert evidence.exact[0][0] is not None


def test_the_evidence_kept_is_the_evidence_returned(
    doors: Doors, delivered: Deliveries, linked: Linked
) -> None:
    ready(doors, delivered, linked)
    spec = specification(Breakdown.SEX)
    evidence = controlled(doors, answered(doors, spec), spec)
    kept = doors.gate.evidence_bytes(doors.project, RELEASE)
    assert Evidence.model_validate_json(kept) == evidence
    names = (*(f"{RELEASE}/{name}" for name in ("cells", "evidence", "members")), "head", "state-b")
    assert doors.gate.inside.vault.names(doors.project, "history/") == tuple(f"history/{n}" for n in names)


def test_control_done_again_gives_the_same_evidence(
    doors: Doors, delivered: Deliveries, linked: Linked
) -> None:
    ready(doors, delivered, linked)
    sealed = answered(doors, specification())
    controlled(doors, sealed, specification())
    first = doors.gate.evidence_bytes(doors.project, RELEASE)
    controlled(doors, sealed, specification())
    assert doors.gate.evidence_bytes(doors.project, RELEASE) == first


def test_a_few_people_fewer_in_a_later_crosswalk_cannot_be_subtracted(
    doors: Doors, delivered: Deliveries
) -> None:
    receive_payload(doors, delivered.values())
    everybody = by_hand(delivered)
    hand_over(doors, everybody)
    first = controlled(doors, answered(doors, specification()), specification())
    hand_over(doors, of_run(everybody.slice(3), b"another-run"))
    sealed = answered(doors, specification())
    second = controlled(doors, sealed, specification(), release_id="ef" * 16)
    populations = [evidence.exact[0][1] for evidence in (first, second)]
    assert populations[0] == 155
    assert populations[1] in {152, 153, 154}
    assert [evidence.table.rows[0].values[1].value for evidence in (first, second)] == [153, None]
    assert second.history.withheld == 1


def test_evidence_is_opened_by_its_checker_alone(doors: Doors) -> None:
    target = io.BytesIO()
    doors.gate.seal_evidence(b'{"evidence": 1}', target, recipient_of("analysis"))
    assert json.loads(unseal_bytes(target.getvalue(), identities=[IDENTITIES["analysis"]])) == {"evidence": 1}
    with refuses(RefusalCode.SEALED_TO_ANOTHER_KEY):
        unseal_bytes(target.getvalue(), identities=[IDENTITIES["gate"]])


def test_aggregates_for_another_worker_are_not_controlled(doors: Doors, delivered: Deliveries) -> None:
    receive_payload(doors, delivered.values())
    hand_over(doors, by_hand(delivered))
    sealed = answered(doors, specification())
    with refuses(RefusalCode.SEALED_TO_ANOTHER_KEY):
        doors.analysis.receive_crosswalk(io.BytesIO(sealed), doors.project)


def test_an_unknown_policy_controls_nothing(doors: Doors, delivered: Deliveries) -> None:
    receive_payload(doors, delivered.values())
    hand_over(doors, by_hand(delivered))
    sealed = answered(doors, specification())
    with refuses(RefusalCode.UNKNOWN_POLICY):
        controlled(doors, sealed, specification(), policy="anything-goes")


def test_a_table_larger_than_the_policy_allows_is_refused_and_not_kept(
    doors: Doors, delivered: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive_payload(doors, delivered.values())
    hand_over(doors, by_hand(delivered))
    narrow = json.loads(policy_text(POLICY))
    narrow["limits"] = {"dims": 0, "cells": 1}
    monkeypatch.setattr("linkage_engine.policy_in_force.policy_text", lambda _: json.dumps(narrow))
    spec = specification(Breakdown.SEX)
    sealed = answered(doors, spec)
    with refuses(RefusalCode.TABLE_TOO_LARGE):
        controlled(doors, sealed, spec)
    with refuses(RefusalCode.VAULT_OBJECT_MISSING):
        doors.gate.evidence_bytes(doors.project, RELEASE)
