"""Runs over quarterly deliveries through the linkage door: broken off, resubmitted, withdrawn."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from linkage_engine.boundary import Inside, LinkageDoor, Linked
from linkage_engine.contract.refusals import RefusalCode
from linkage_engine.contract.run_terms import RunTerms
from linkage_engine.linkage_runs.kept_pairs import KeptPairs
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from linkage_engine.vault.shredding import Order
from tests.factories import a_withdrawal
from tests.integration.doors.test_history_through_the_doors import Killed, MortalVault
from tests.linkage.resubmissions.quarters import Quarter, clusters, f1, quarters
from tests.unit.boundary.doors import IDENTITIES, refuses, sealed_to

PROJECT, POLICY = "prevalence-study", "nhs-cancer-default"
KEY = secrets.token_bytes(32)
PRACTICES, TRUST = "practices", "trust"
FIRST, SECOND = ({name: name[0] * 31 + str(quarter) for name in (PRACTICES, TRUST)} for quarter in (1, 2))
LEVELS = ("link_id_strict", "link_id", "link_id_lenient")


def a_door(folder: Path, *, writes: int = 1 << 30) -> LinkageDoor:
    """The linkage worker over a folder; it is killed before its next write but so many."""
    vault = MortalVault(folder, Keystore(KEY))
    vault.writes_left = writes
    return LinkageDoor(Inside(IDENTITIES["linkage"], vault, secrets.token_bytes))


def receive(folder: Path, quarter: Quarter, deliveries: dict[str, str]) -> None:
    """The identifier parts as `receive` leaves them."""
    for name, delivery in deliveries.items():
        Vault(folder, Keystore(KEY)).write(PROJECT, f"identifiers/{name}/{delivery}", quarter.parts[name])


def link(door: LinkageDoor, run: str, deliveries: dict[str, str]) -> Linked:
    return door.link(PROJECT, run * 16, deliveries, policy=POLICY)


def withdraw(door: LinkageDoor, provider: str, person_keys: Collection[str]) -> int:
    plain = b"".join(map(bytes.fromhex, person_keys))
    statement = a_withdrawal(provider, plain, persons=len(person_keys))
    return door.withdraw(sealed_to("linkage", plain), statement)


def kept(folder: Path) -> list[str]:
    """What the vault holds, but for names that are digests."""
    names = Vault(folder, Keystore(KEY)).names(PROJECT)
    return ["/".join(name.split("/")[: 3 if name.startswith(("pairs", "models")) else 2]) for name in names]


AFTER = [
    f"identifiers/{PRACTICES}",
    f"identifiers/{TRUST}",
    f"pairs/{PRACTICES}/{TRUST}",
    f"record-sets/{PRACTICES}",
    f"record-sets/{TRUST}",
    "spine",
]


@pytest.fixture(scope="module")
def sent() -> list[Quarter]:
    return quarters(700, seed=11, providers=(PRACTICES, TRUST))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, sent: list[Quarter]) -> tuple[Path, Linked]:
    """A finished run of the first quarter; nobody changes the folder."""
    folder = tmp_path_factory.mktemp("first")
    receive(folder, sent[0], FIRST)
    return folder, link(a_door(folder), "aa", FIRST)


@contextmanager
def killed() -> Iterator[None]:
    with pytest.raises(Killed):
        yield


def copied(first: tuple[Path, Linked], folder: Path) -> Linked:
    """The finished first quarter in a folder of its own."""
    for path in filter(Path.is_file, first[0].rglob("*")):
        target = folder / path.relative_to(first[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return first[1]


# --- broken off


def test_a_run_killed_before_each_write_goes_on_and_gives_the_same_clusters(
    tmp_path: Path, sent: list[Quarter], first: tuple[Path, Linked]
) -> None:
    receive(tmp_path, sent[0], FIRST)
    seen = []
    for _ in ("record set", "record set", "model", "pairs"):  # each attempt writes one thing more
        with killed():
            link(a_door(tmp_path, writes=1), "aa", FIRST)
        seen.append(kept(tmp_path)[2:])
    model, pairs = f"models/{PRACTICES}/{TRUST}", AFTER[2]
    assert seen == [[AFTER[3]], AFTER[3:5], [model, *AFTER[3:5]], [pairs, *AFTER[3:5]]]
    done = link(a_door(tmp_path, writes=1), "aa", FIRST)  # the spine, the last write
    assert [clusters(done.crosswalk, level) for level in LEVELS] == [
        clusters(first[1].crosswalk, level) for level in LEVELS
    ]
    assert kept(tmp_path) == AFTER == kept(first[0])
    again = link(a_door(tmp_path, writes=0), "aa", FIRST)  # it was killed before the hand-over: no write
    assert again.crosswalk.equals(done.crosswalk)
    assert again.figures == done.figures


def test_clusters_are_nested_and_bands_are_told(first: tuple[Path, Linked]) -> None:
    crosswalk = first[1].crosswalk
    strict, primary, lenient = (clusters(crosswalk, level) for level in LEVELS)
    assert all(any(group <= other for other in primary) for group in strict)
    assert all(any(group <= other for other in lenient) for group in primary)
    assert len(set(crosswalk["weight_band"].to_pylist())) > 2


# --- resubmitted


def test_a_resubmission_links_what_is_new_as_well_as_a_full_run_and_keeps_ids(
    tmp_path: Path, sent: list[Quarter], first: tuple[Path, Linked]
) -> None:
    before = copied(first, tmp_path / "again")
    receive(tmp_path / "again", sent[1], SECOND)
    after = link(a_door(tmp_path / "again"), "bb", SECOND)
    receive(tmp_path / "full", sent[1], SECOND)
    full = link(a_door(tmp_path / "full"), "bb", SECOND)
    assert f1(full.crosswalk, sent[1].truth) > 0.97
    assert abs(f1(after.crosswalk, sent[1].truth) - f1(full.crosswalk, sent[1].truth)) < 0.005
    assert kept(tmp_path / "again") == AFTER  # the tokens of the first quarter are gone
    (pair,) = after.figures.pairs.values()
    assert "train" not in pair.seconds
    assert_ids_are_kept(before.crosswalk, after.crosswalk, sent)
    spine = after.figures.spine
    assert spine.records_new.value is not None
    assert spine.records_new.value < 100 < len(after.crosswalk)


def assert_ids_are_kept(before: pa.Table, after: pa.Table, sent: list[Quarter]) -> None:
    """Nearly every record that stays keeps its id, and no id goes to somebody else alone."""
    was, now = (
        dict(zip(table["person_key"].to_pylist(), table["link_id"].to_pylist(), strict=True))
        for table in (before, after)
    )
    both = was.keys() & now.keys()
    assert sum(was[key] == now[key] for key in both) > 0.99 * len(both)
    ended = set(was.values()) - {was[key] for key in both}
    assert ended
    assert not ended & set(now.values())


def test_the_very_same_records_again_are_not_weighed_again(
    tmp_path: Path, sent: list[Quarter], first: tuple[Path, Linked]
) -> None:
    before = copied(first, tmp_path)
    parts = {name: part.take(list(reversed(range(len(part))))) for name, part in sent[0].parts.items()}
    shuffled = Quarter(parts, {})
    receive(tmp_path, shuffled, SECOND)
    after = link(a_door(tmp_path, writes=1), "bb", SECOND)  # the spine is all that is written
    assert after.crosswalk.drop_columns("delivery_id").equals(before.crosswalk.drop_columns("delivery_id"))
    assert after.figures.pairs == before.figures.pairs


# --- withdrawn, empty, damaged


def test_persons_whom_a_provider_withdraws_leave_and_the_others_keep_their_ids(
    tmp_path: Path, first: tuple[Path, Linked]
) -> None:
    before = copied(first, tmp_path)
    door = a_door(tmp_path)
    leaving = [row for row in before.crosswalk.to_pylist() if row["provider_id"] == TRUST][:20]
    gone = {row["person_key"] for row in leaving}
    for _ in range(2):
        assert withdraw(door, TRUST, gone) == 20
    after = link(door, "bb", FIRST)
    rows = [row for row in before.crosswalk.to_pylist() if row["person_key"] not in gone]
    assert [(row["person_key"], row["link_id"]) for row in rows] == [
        (row["person_key"], row["link_id"]) for row in after.crosswalk.to_pylist()
    ]
    assert after.figures.spine.records_withdrawn.value == 21  # rounded


def test_everybody_withdrawn_leaves_an_empty_crosswalk(tmp_path: Path, first: tuple[Path, Linked]) -> None:
    before, door = copied(first, tmp_path), a_door(tmp_path)
    for name in FIRST:
        withdraw(
            door, name, {r["person_key"] for r in before.crosswalk.to_pylist() if r["provider_id"] == name}
        )
    after = link(door, "bb", FIRST)
    assert (after.crosswalk.num_rows, after.figures.pairs) == (0, {})


def test_a_withdrawn_delivery_is_linked_no_more(tmp_path: Path, first: tuple[Path, Linked]) -> None:
    before, door = copied(first, tmp_path), a_door(tmp_path)
    for _ in range(2):
        door.shred(Order("ab" * 16, PROJECT, TRUST, FIRST[TRUST]))
    after = link(door, "bb", {PRACTICES: FIRST[PRACTICES]})
    rows = [row for row in before.crosswalk.to_pylist() if row["provider_id"] == PRACTICES]
    assert after.crosswalk["link_id"].to_pylist() == [row["link_id"] for row in rows]
    with refuses(RefusalCode.DELIVERY_WITHDRAWN):
        link(door, "cc", FIRST)


def test_a_withdrawal_that_is_no_list_of_person_keys_is_refused(tmp_path: Path) -> None:
    for plain, persons in ((b"", 1), (bytes(17), 1), (bytes(32), 1)):
        with refuses(RefusalCode.PERSON_KEYS_INVALID):
            a_door(tmp_path).withdraw(
                sealed_to("linkage", plain), a_withdrawal(TRUST, plain, persons=persons)
            )
    assert kept(tmp_path) == []


def test_an_empty_resubmission_is_refused_and_the_spine_stays(
    tmp_path: Path, sent: list[Quarter], first: tuple[Path, Linked]
) -> None:
    copied(first, tmp_path)
    nobody = Quarter({name: part.slice(0, 0) for name, part in sent[0].parts.items()}, {})
    receive(tmp_path, nobody, SECOND)
    spine = Vault(tmp_path, Keystore(KEY)).read(PROJECT, "spine")
    with refuses(RefusalCode.TOO_FEW_RECORDS):
        link(a_door(tmp_path), "bb", SECOND)
    assert Vault(tmp_path, Keystore(KEY)).read(PROJECT, "spine").equals(spine)


def test_what_an_earlier_version_kept_is_linked_anew(tmp_path: Path, first: tuple[Path, Linked]) -> None:
    copied(first, tmp_path)
    vault = Vault(tmp_path, Keystore(KEY))
    pairs = KeptPairs(vault, PROJECT)
    name = f"pairs/{PRACTICES}/{TRUST}"
    table = vault.read(PROJECT, name)
    for metadata in (None, {b"kept": b"{}"}, {b"kept": b"[]"}, {b"kept": b'{"sets": 1}'}):
        vault.write(PROJECT, name, table.replace_schema_metadata(metadata), replace=True)
        assert pairs.pair(PRACTICES, TRUST) is None
    vault.write(PROJECT, f"models/{PRACTICES}/{TRUST}", pa.table({"sets": [["a", "b"]], "model": [b"{}"]}))
    assert pairs.model(PRACTICES, TRUST, ("a", "b")) is None
    assert pairs.model(PRACTICES, TRUST, ("a", "c")) is None


def test_a_full_run_can_be_asked_for(tmp_path: Path, first: tuple[Path, Linked]) -> None:
    copied(first, tmp_path)
    with killed():  # it forgot the pairs, and was killed before it could say so
        link_in_full(a_door(tmp_path, writes=0), "bb")
    assert kept(tmp_path) == [*AFTER[:2], *AFTER[3:]]
    with killed():  # it has trained a model, and goes on with that
        link_in_full(a_door(tmp_path, writes=2), "bb")
    assert f"models/{PRACTICES}/{TRUST}" in kept(tmp_path)
    done = link_in_full(a_door(tmp_path, writes=2), "bb")  # the pairs and the spine
    assert kept(tmp_path) == AFTER
    assert done.crosswalk["link_id"].equals(first[1].crosswalk["link_id"])


def link_in_full(door: LinkageDoor, run: str) -> Linked:
    return door.link(PROJECT, run * 16, FIRST, policy=POLICY, terms=RunTerms(in_full=True))
