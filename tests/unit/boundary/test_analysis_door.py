"""The analysis door: payload, crosswalks and answers."""

from __future__ import annotations

import io
from datetime import date

import pytest

from linkage_engine.boundary import DATA_VERSION, Linked
from linkage_engine.contract.query_spec import Breakdown
from linkage_engine.contract.refusals import QueryRefused, RefusalCode
from linkage_engine.query.raw_table import RawTable
from tests.factories import a_withdrawal
from tests.integration.extracts import EXACT, PRACTICES, REGISTRY
from tests.unit.boundary.doors import (
    RUN,
    Deliveries,
    Doors,
    aggregates,
    answered,
    by_hand,
    controlled,
    crosswalk_of,
    hand_over,
    of_run,
    people_of,
    ready,
    receive_payload,
    refuses,
    sealed_to,
    specification,
)

# --- payload and crosswalk


def test_rows_that_fail_are_reported_and_not_kept(doors: Doors, delivered: Deliveries) -> None:
    one = delivered[REGISTRY]
    early = one.manifest.model_copy(update={"extract_date": date(2020, 1, 1)})
    report = doors.analysis.receive(io.BytesIO(one.parts["death"]), early, "death")
    assert not report.passed
    assert report.rows == 4
    assert not list((doors.folder / "analysis").rglob("*.parquet"))


def test_a_crosswalk_numbers_each_person_once(doors: Doors, delivered: Deliveries) -> None:
    rows = [(PRACTICES, f"{i:032x}", f"{i // 2:032x}", "d1") for i in range(10)]
    assert hand_over(doors, crosswalk_of(rows)) == 10
    index = doors.analysis.inside.vault.read(doors.project, "person_index")
    assert sorted(index["person"].to_pylist()) == list(range(5))


def test_persons_keep_their_numbers_in_later_crosswalks(doors: Doors) -> None:
    vault = doors.analysis.inside.vault

    def numbers() -> dict[str, int]:
        index = vault.read(doors.project, "person_index")
        return dict(zip(index["link_id"].to_pylist(), index["person"].to_pylist(), strict=True))

    hand_over(doors, crosswalk_of([(PRACTICES, f"{i:032x}", f"{i:032x}", "d1") for i in range(20)]))
    before = numbers()
    later = [(PRACTICES, f"{i:032x}", f"{i:032x}", "d2") for i in range(10, 50)]
    assert hand_over(doors, crosswalk_of(later, "ef" * 16)) == 40
    after = numbers()
    assert {link_id: after[link_id] for link_id in before} == before
    assert sorted(after.values()) == list(range(50))


def test_numbers_do_not_follow_the_order_of_link_ids(doors: Doors) -> None:
    hand_over(doors, crosswalk_of([(PRACTICES, f"{i:032x}", f"{i:032x}", "d1") for i in range(50)]))
    index = doors.analysis.inside.vault.read(doors.project, "person_index")
    assert index["link_id"].to_pylist() != sorted(index["link_id"].to_pylist())


# --- answers


def test_the_answer_is_the_hand_count(doors: Doors, delivered: Deliveries, linked: Linked) -> None:
    ready(doors, delivered, linked)
    spec = specification(Breakdown.SEX)
    evidence = controlled(doors, answered(doors, spec), spec)
    exact = {row.labels[0]: b[:2] for row, b in zip(evidence.table.rows, evidence.exact, strict=True)}
    assert exact == EXACT


def test_an_answer_follows_the_crosswalk_and_nothing_else(doors: Doors, delivered: Deliveries) -> None:
    receive_payload(doors, delivered.values())
    hand_over(doors, by_hand(delivered))
    (cell,) = RawTable.from_arrow(aggregates(answered(doors, specification()))).cells
    assert (cell.parts["numerator"].size, cell.population.size) == (0, 155)


def test_without_a_crosswalk_there_is_no_answer(doors: Doors, delivered: Deliveries) -> None:
    receive_payload(doors, delivered.values())
    with pytest.raises(QueryRefused) as refused:
        answered(doors, specification())
    assert refused.value.code is RefusalCode.NO_LINKED_DATA


def test_people_of_a_replaced_delivery_are_counted_no_more(
    doors: Doors, delivered: Deliveries, linked: Linked
) -> None:
    ready(doors, delivered, linked)
    practices = delivered[PRACTICES]
    keys = people_of(practices, "gp_registration")[:5]
    rows = [(PRACTICES, key, f"{i:032x}", practices.manifest.delivery_id) for i, key in enumerate(keys)]
    hand_over(doors, crosswalk_of(rows))
    (cell,) = RawTable.from_arrow(aggregates(answered(doors, specification()))).cells
    assert cell.population.size <= 5
    assert cell.parts["numerator"].size == 0


def test_a_delivery_without_a_data_set_counts_as_nobody_in_it(doors: Doors, delivered: Deliveries) -> None:
    practices = delivered[PRACTICES]
    receive_payload(doors, [practices])
    keys = people_of(practices, "gp_registration")
    rows = [(PRACTICES, key, f"{i:032x}", practices.manifest.delivery_id) for i, key in enumerate(keys)]
    hand_over(doors, crosswalk_of(rows))
    (cell,) = RawTable.from_arrow(aggregates(answered(doors, specification()))).cells
    assert (cell.parts["numerator"].size, cell.population.size) == (0, 155)


def test_data_of_another_project_is_out_of_reach(doors: Doors, delivered: Deliveries, linked: Linked) -> None:
    ready(doors, delivered, linked)
    with refuses(RefusalCode.NO_LINKED_DATA):
        answered(doors, specification(project_id="another-project"))


def test_the_data_version_names_run_and_deliveries(doors: Doors, delivered: Deliveries) -> None:
    receive_payload(doors, delivered.values())
    versions = []
    for run_id in (RUN, RUN, "ef" * 16):
        table = of_run(by_hand(delivered), run_id.encode())
        hand_over(doors, table)
        metadata = aggregates(answered(doors, specification())).schema.metadata
        versions.append(metadata[DATA_VERSION])
    assert versions[0] == versions[1] != versions[2]


def test_the_data_version_follows_who_was_withdrawn_and_tells_no_number(
    doors: Doors, delivered: Deliveries
) -> None:
    receive_payload(doors, delivered.values())
    hand_over(doors, by_hand(delivered))
    keys = people_of(delivered[PRACTICES], "gp_registration", blank="registration_end")
    versions, sizes = [], []
    for gone in ([], ["ab" * 16], keys[:1], keys[:1], keys[1:2]):  # the second is nobody's key
        if gone:
            plain = b"".join(map(bytes.fromhex, gone))
            statement = a_withdrawal(PRACTICES, plain, persons=len(gone))
            doors.analysis.withdraw(sealed_to("analysis", plain), statement)
        answer = aggregates(answered(doors, specification()))
        versions.append(answer.schema.metadata[DATA_VERSION])
        (cell,) = RawTable.from_arrow(answer).cells
        sizes.append(cell.population.size)
    assert versions[0] == versions[1] != versions[2] == versions[3] != versions[4]
    assert sizes == [155, 155, 154, 154, 153]


def test_a_damaged_vault_answers_nothing(doors: Doors, delivered: Deliveries, linked: Linked) -> None:
    ready(doors, delivered, linked)
    for path in (doors.folder / "analysis").rglob("death.parquet"):
        path.write_bytes(b"PAR1damaged")
    with refuses(RefusalCode.VAULT_DAMAGED):
        answered(doors, specification())
