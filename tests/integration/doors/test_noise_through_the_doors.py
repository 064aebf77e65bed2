"""Counts with noise through the gate's door: the same for the same people, or paid for before it is drawn."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from linkage_engine.boundary import GateDoor
from linkage_engine.contract.controlled_table import Noise
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, QueryRefused, RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.release_history import Asked, ReleaseHistory
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.factories import NOON, PROJECT, a_specification
from tests.integration.doors.test_history_through_the_doors import (
    FIRST,
    KEY,
    ONE_MORE,
    Cells,
    Killed,
    a_gate,
    handed_over,
)

DASHBOARD, CELL_KEY = "public-dashboard", "cell-key"
IDS = [f"{n:032x}" for n in range(10)]


def asked(
    door: GateDoor,
    release_id: str,
    cells: Cells = FIRST,
    *,
    policy: str = DASHBOARD,
    project: str = PROJECT,
    specification_sha256: str = "ef" * 32,
) -> Evidence:
    question = SignedQuestion(
        asked_by="ada", asked_at=NOON, nonce="ab" * 16, specification=a_specification(project_id=project)
    )
    return door.control(
        io.BytesIO(handed_over(cells)),
        question,
        release_id=release_id,
        policy=policy,
        specification_sha256=specification_sha256,
    )


def spent(folder: Path, project: str = PROJECT) -> list[tuple[str, int]]:
    """The ledger as it lies in the vault."""
    head = ReleaseHistory(Vault(folder, Keystore(KEY)), project).head()
    return [(line.release_id, line.epsilon_millionths) for line in head.spent]


def noise_of(evidence: Evidence) -> Noise:
    assert evidence.table.record.noise is not None
    return evidence.table.record.noise


def test_each_question_is_paid_for_until_nothing_is_left(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    found = [noise_of(asked(door, release_id)).epsilon_spent for release_id in IDS[:4]]
    assert found == [0.25, 0.5, 0.75, 1.0]
    with pytest.raises(QueryRefused) as refusal:
        asked(door, IDS[4])
    assert refusal.value.code is RefusalCode.PRIVACY_BUDGET_EXHAUSTED
    assert spent(tmp_path) == [(release_id, 250_000) for release_id in IDS[:4]]


def test_asked_again_a_table_is_what_was_kept_and_costs_nothing(tmp_path: Path) -> None:
    first = asked(a_gate(tmp_path), IDS[0])
    again = asked(a_gate(tmp_path), IDS[0])
    assert again == first
    assert (first.history.withheld, first.history.outcomes) == (0, ())
    assert not first.table.record.history_audited
    assert len(spent(tmp_path)) == 1


def test_another_project_has_a_budget_of_its_own(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    for release_id in IDS[:4]:
        asked(door, release_id)
    other = asked(door, IDS[5], project="another-study")
    assert noise_of(other).epsilon_spent == 0.25


def test_an_exhausted_budget_survives_a_restart(tmp_path: Path) -> None:
    for release_id in IDS[:4]:
        asked(a_gate(tmp_path), release_id)
    with pytest.raises(QueryRefused):
        asked(a_gate(tmp_path), IDS[4])


@pytest.mark.parametrize("writes", range(2, 7))
def test_killed_after_the_budget_was_written_down_it_stays_spent_once(writes: int, tmp_path: Path) -> None:
    """Head, ledger, people twice, evidence, state: killed before the last head, nothing is decided."""
    with pytest.raises(Killed):
        asked(a_gate(tmp_path, dies_after=writes), IDS[0])
    assert spent(tmp_path) == [(IDS[0], 250_000)]
    assert noise_of(asked(a_gate(tmp_path), IDS[1])).epsilon_spent == 0.5
    assert noise_of(asked(a_gate(tmp_path), IDS[0])).epsilon == 0.25
    assert spent(tmp_path) == [(IDS[0], 250_000), (IDS[1], 250_000)]


def test_killed_before_the_ledger_nothing_was_drawn_and_nothing_spent(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        asked(a_gate(tmp_path, dies_after=1), IDS[0])
    assert spent(tmp_path) == []


def test_another_question_under_a_release_that_was_paid_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        asked(a_gate(tmp_path, dies_after=2), IDS[0])
    with pytest.raises(NotTrusted) as refusal:
        asked(a_gate(tmp_path), IDS[0], specification_sha256="aa" * 32)
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


def test_what_is_refused_by_its_form_costs_nothing(tmp_path: Path) -> None:
    """Everybody of two sexes: more than anybody was charged for."""
    with pytest.raises(NotTrusted):
        asked(a_gate(tmp_path), IDS[0], {"Female": range(60), "Male": range(60), "Total": range(60)})
    assert spent(tmp_path) == []


def test_a_ledger_changed_by_a_byte_stops_the_project(tmp_path: Path) -> None:
    asked(a_gate(tmp_path), IDS[0])
    path = tmp_path / PROJECT / "history" / "head.parquet"
    sealed = bytearray(path.read_bytes())
    sealed[len(sealed) // 2] ^= 1
    path.write_bytes(sealed)
    with pytest.raises(EngineRefusal) as refusal:
        asked(a_gate(tmp_path), IDS[1])
    assert refusal.value.code is RefusalCode.VAULT_DAMAGED


def test_a_ledger_that_is_gone_stops_the_project(tmp_path: Path) -> None:
    asked(a_gate(tmp_path), IDS[0])
    (tmp_path / PROJECT / "history" / "head.parquet").unlink()
    with pytest.raises(EngineRefusal) as refusal:
        asked(a_gate(tmp_path), IDS[1])
    assert refusal.value.code is RefusalCode.HISTORY_MISSING


def test_exact_history_goes_on_after_tables_with_noise(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    asked(door, IDS[0], policy="nhs-cancer-default")
    asked(door, IDS[1])
    third = asked(door, IDS[2], ONE_MORE, policy="nhs-cancer-default")
    assert (third.history.releases, third.history.withheld) == (2, 2)
    assert len(spent(tmp_path)) == 1


def test_by_cell_keys_the_same_people_have_the_same_number_after_a_restart(tmp_path: Path) -> None:
    first = asked(a_gate(tmp_path), IDS[0], policy=CELL_KEY)
    second = asked(a_gate(tmp_path), IDS[1], policy=CELL_KEY)
    assert first.table.rows == second.table.rows
    assert noise_of(first).mechanism == "cell_key"
    assert spent(tmp_path) == []


def test_by_cell_keys_history_is_audited_as_ever(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    asked(door, IDS[0], policy=CELL_KEY)
    second = asked(door, IDS[1], ONE_MORE, policy=CELL_KEY)
    assert (second.history.releases, second.history.withheld) == (1, 2)
    assert second.table.record.history_audited


def test_by_cell_keys_another_project_has_other_noise(tmp_path: Path) -> None:
    """Thirty cells of a hundred people: the same noise everywhere would be one in 10 to the 20."""
    cells = {f"{n}": range(100 * n, 100 * n + 100) for n in range(30)}
    door = a_gate(tmp_path)
    first = asked(door, IDS[0], cells, policy=CELL_KEY)
    other = asked(door, IDS[0], cells, policy=CELL_KEY, project="another-study")
    assert first.table.rows != other.table.rows


def test_what_is_asked_does_not_print() -> None:
    assert repr(object.__new__(Asked)) == "Asked(withheld)"
