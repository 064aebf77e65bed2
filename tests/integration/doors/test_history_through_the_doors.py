"""Question after question through the gate's door: what would give a few people away is told by none."""

from __future__ import annotations

import io
import itertools
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage_engine.boundary import DATA_VERSION, GateDoor, Inside
from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.refusals import EngineRefusal, NotTrusted, RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.disclosure.membership import KeptColumns, from_columns
from linkage_engine.query.raw_table import RawCell, RawTable
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.factories import NOON, PROJECT, a_specification
from tests.property.disclosure_history.exact import Exactly, small_differences

Cells = Mapping[str, Iterable[int]]
IDENTITY, KEY = Identity.generate(secrets.token_bytes), secrets.token_bytes(32)
FIRST_ID, SECOND_ID, THIRD_ID = "11" * 16, "22" * 16, "33" * 16
WOMEN, MEN, EVERYBODY = range(60), range(60, 120), range(120)
FIRST = {"Female": WOMEN, "Male": MEN, "Total": EVERYBODY}
ONE_MORE = FIRST | {"Female": [*WOMEN, 120], "Total": range(121)}


class Killed(BaseException):
    """The process is gone: nothing of ours runs any more."""


class MortalVault(Vault):
    """A vault whose process is killed before its next write but so many."""

    writes_left = 1 << 30

    def write(self, project_id: str, name: str, table: pa.Table, *, replace: bool = False) -> None:
        if self.writes_left == 0:
            raise Killed
        self.writes_left -= 1
        super().write(project_id, name, table, replace=replace)


def a_gate(folder: Path, *, dies_after: int = 1 << 30) -> GateDoor:
    """The gate over what is in a folder; its chance is always the same, so that all bytes can be compared."""
    vault = MortalVault(folder, Keystore(KEY))
    vault.writes_left = dies_after
    return GateDoor(Inside(identity=IDENTITY, vault=vault, random=bytes))


def handed_over(cells: Cells, *, more: int = 0, rest: int = 0) -> bytes:
    """Exact cells by sex, as the analysis worker seals them.

    Every third person has cancer, those whose number leaves a rest, and so many more of the first.
    """
    people = {label: np.array(sorted(each), dtype=np.int32) for label, each in cells.items()}
    made = [
        RawCell((label,), each, {"numerator": each[(each % 3 == rest) | (each < 2 * more)]}, applicable=True)
        for label, each in people.items()
    ]
    table = RawTable("prevalence", ("sex",), ("numerator",), tuple(made)).to_arrow()
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, DATA_VERSION: b"a-run"}), sink)
    return seal_bytes(sink.getvalue(), recipients=[IDENTITY.recipient], random=secrets.token_bytes)


def asked(
    door: GateDoor,
    release_id: str,
    cells: Cells,
    *,
    project: str = PROJECT,
    by: str = "ada",
    more: int = 0,
    rest: int = 0,
) -> Evidence:
    question = SignedQuestion(
        asked_by=by, asked_at=NOON, nonce="ab" * 16, specification=a_specification(project_id=project)
    )
    return door.control(
        io.BytesIO(handed_over(cells, more=more, rest=rest)),
        question,
        release_id=release_id,
        policy="nhs-cancer-default",
        specification_sha256="ef" * 32,
    )


def told(evidence: Evidence) -> set[str]:
    return {row.labels[0] for row in evidence.table.rows if row.values[1].status is CellStatus.SHOWN}


def released(door: GateDoor, *release_ids: str) -> list[frozenset[int]]:
    """Every set of people whose number was shown, from what the gate kept."""
    found = []
    for release_id in release_ids:
        read = (
            door.inside.vault.read(PROJECT, f"history/{release_id}/{name}") for name in ("cells", "members")
        )
        columns = [{name: table[name].to_numpy() for name in table.column_names} for table in read]
        kept = from_columns(KeptColumns(*columns))
        found += [frozenset(m.people.tolist()) for m in kept if m.shown and m.measure == "denominator"]
    return found


def nobody_is_given_away(door: GateDoor, few: Iterable[int], *release_ids: str) -> bool:
    """By exact elimination, which shares nothing with the gate: no person, no small difference, nor these."""
    cells, persons = released(door, *release_ids), 200
    truth = Exactly(cells, persons)
    return (
        not any(truth.determined([frozenset(few)]))
        and truth.alone() == []
        and small_differences(cells, persons, 10) == set()
    )


def kept(folder: Path) -> dict[str, object]:
    """Everything that the gate kept of the project, by name."""
    vault = Vault(folder, Keystore(KEY))
    return {name: vault.read(PROJECT, name).to_pydict() for name in vault.names(PROJECT, "history/")}


@pytest.mark.parametrize("few", [1, 2, 9])
def test_people_who_were_added_between_two_questions_cannot_be_subtracted(few: int, tmp_path: Path) -> None:
    door, new = a_gate(tmp_path), range(120, 120 + few)
    first = asked(door, FIRST_ID, FIRST)
    second = asked(door, SECOND_ID, FIRST | {"Female": [*WOMEN, *new], "Total": [*EVERYBODY, *new]})
    assert told(first) == {"Female", "Male", "Total"}
    assert told(second) == {"Male"}
    assert (second.history.releases, second.history.withheld) == (1, 2)
    assert nobody_is_given_away(door, new, FIRST_ID, SECOND_ID)


@pytest.mark.parametrize("few", [1, 2, 9])
def test_people_who_died_between_two_index_dates_cannot_be_subtracted(few: int, tmp_path: Path) -> None:
    door, gone = a_gate(tmp_path), range(few)
    asked(door, FIRST_ID, FIRST)
    second = asked(door, SECOND_ID, FIRST | {"Female": range(few, 60), "Total": range(few, 120)})
    assert told(second) == {"Male"}
    assert nobody_is_given_away(door, gone, FIRST_ID, SECOND_ID)


def test_ten_people_more_may_be_subtracted(tmp_path: Path) -> None:
    """The policy protects fewer: then both tables are told."""
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    second = asked(door, SECOND_ID, FIRST | {"Female": [*WOMEN, *range(120, 130)], "Total": range(130)})
    assert told(second) == {"Female", "Male", "Total"}
    assert second.history.withheld == 0


def test_the_subtraction_would_have_told_without_the_history(tmp_path: Path) -> None:
    """What the two tables would have given away, had each been asked of a project of its own."""
    door = a_gate(tmp_path)
    assert told(asked(door, SECOND_ID, ONE_MORE)) == {"Female", "Male", "Total"}
    truth = Exactly([*map(frozenset, FIRST.values()), *map(frozenset, ONE_MORE.values())], 200)
    assert truth.alone() == [120]


def test_the_same_table_is_told_again(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    first, second = (asked(door, release_id, FIRST) for release_id in (FIRST_ID, SECOND_ID))
    assert first.table == second.table
    assert (second.history.releases, second.history.sets, second.history.withheld) == (1, 3, 0)


def test_another_project_knows_nothing_of_it(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    elsewhere = asked(door, SECOND_ID, ONE_MORE, project="another-study")
    assert told(elsewhere) == {"Female", "Male", "Total"}
    assert elsewhere.history.releases == 0


def test_a_table_is_decided_once(tmp_path: Path) -> None:
    """Its job may come again at any time: later decisions stay."""
    door = a_gate(tmp_path)
    first = asked(door, FIRST_ID, FIRST)
    asked(door, SECOND_ID, {"Total": range(130, 190)})
    before = kept(tmp_path)
    assert asked(door, FIRST_ID, FIRST) == first
    assert kept(tmp_path) == before
    with pytest.raises(NotTrusted) as refusal:
        asked(door, FIRST_ID, FIRST, by="mallory")
    assert refusal.value.code is RefusalCode.HAND_OVER_INVALID


ANOTHER = {"Total": [*range(1, 60), *range(130, 190)]}


def test_killed_before_any_write_the_same_is_decided_when_it_comes_again(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    for release_id, cells in ((FIRST_ID, FIRST), (SECOND_ID, ONE_MORE), (THIRD_ID, ANOTHER)):
        asked(a_gate(whole), release_id, cells)
    for writes in itertools.count():
        folder = tmp_path / str(writes)
        asked(a_gate(folder), FIRST_ID, FIRST)
        try:
            asked(a_gate(folder, dies_after=writes), SECOND_ID, ONE_MORE)
        except Killed:
            asked(a_gate(folder), SECOND_ID, ONE_MORE)
        else:
            break
        finally:
            asked(a_gate(folder), THIRD_ID, ANOTHER)
            assert kept(folder) == kept(whole)
    assert writes == 5


def test_killed_at_the_very_beginning_the_project_can_still_be_asked(tmp_path: Path) -> None:
    for writes in range(6):
        with pytest.raises(Killed):
            asked(a_gate(tmp_path / str(writes), dies_after=writes), FIRST_ID, FIRST)
        assert told(asked(a_gate(tmp_path / str(writes)), FIRST_ID, FIRST)) == {"Female", "Male", "Total"}


def test_what_was_decided_between_a_kill_and_the_second_attempt_counts(tmp_path: Path) -> None:
    for writes in range(5):
        folder = tmp_path / str(writes)
        with pytest.raises(Killed):
            asked(a_gate(folder, dies_after=1 + writes), FIRST_ID, FIRST)
        assert told(asked(a_gate(folder), SECOND_ID, ONE_MORE)) == {"Female", "Male", "Total"}
        assert told(asked(a_gate(folder), FIRST_ID, FIRST)) == {"Male"}
        assert nobody_is_given_away(a_gate(folder), [120], FIRST_ID, SECOND_ID)


def refused(door: GateDoor) -> RefusalCode:
    with pytest.raises(EngineRefusal) as refusal:
        asked(door, THIRD_ID, ONE_MORE)
    return refusal.value.code


def of_the_state(folder: Path) -> list[Path]:
    return sorted((folder / PROJECT / "history").glob("state-*.parquet"))


def test_a_changed_byte_anywhere_in_the_state_is_refused(tmp_path: Path) -> None:
    asked(a_gate(tmp_path), FIRST_ID, FIRST)
    for path in (tmp_path / PROJECT / "history" / "head.parquet", *of_the_state(tmp_path)):
        whole = path.read_bytes()
        path.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
        assert refused(a_gate(tmp_path)) is RefusalCode.VAULT_DAMAGED
        path.write_bytes(whole)
    assert told(asked(a_gate(tmp_path), THIRD_ID, ONE_MORE)) == {"Male"}


def test_an_older_state_is_refused(tmp_path: Path) -> None:
    """It opens, for it was written under that name: it is not the one that the head names."""
    asked(a_gate(tmp_path), FIRST_ID, FIRST)
    (path,) = of_the_state(tmp_path)
    older = path.read_bytes()
    asked(a_gate(tmp_path), SECOND_ID, {"Total": range(130, 190)})
    asked(a_gate(tmp_path), "44" * 16, {"Total": range(190, 250)})
    path.write_bytes(older)
    assert refused(a_gate(tmp_path)) is RefusalCode.VAULT_DAMAGED


def test_a_history_without_its_head_is_refused(tmp_path: Path) -> None:
    """Whoever takes the head away does not begin anew; nor does a vault from before there were heads."""
    asked(a_gate(tmp_path), FIRST_ID, FIRST)
    (tmp_path / PROJECT / "history" / "head.parquet").unlink()
    assert refused(a_gate(tmp_path)) is RefusalCode.HISTORY_MISSING


def test_a_head_that_says_something_else_is_refused(tmp_path: Path) -> None:
    door = a_gate(tmp_path)
    asked(door, FIRST_ID, FIRST)
    door.inside.vault.write(PROJECT, "history/head", pa.table({"text": ["{}"]}), replace=True)
    assert refused(door) is RefusalCode.VAULT_DAMAGED
