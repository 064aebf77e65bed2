"""The doors on parts that a provider's tool sealed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage_engine.boundary import DATA_VERSION, RUN_ID, Linked
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.manifest import IDENTIFIERS
from linkage_engine.contract.query_spec import Breakdown, PrevalenceParameters, PrevalenceSpec, QuerySpec
from linkage_engine.contract.refusals import CannotLink, EngineRefusal, QueryRefused, RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.query.raw_table import RawTable
from linkage_engine.unseal.unseal import unseal_bytes
from tests.factories import NOON
from tests.integration.extracts import EXACT, PRACTICES, REGISTRY
from tests.integration.sealed import Delivered
from tests.unit.boundary.conftest import IDENTITIES, Doors, doors_in, parquet, recipient_of, sealed_to

Deliveries = Mapping[str, Delivered]
RUN, RELEASE = "ab" * 16, "cd" * 16
POLICY = "nhs-cancer-default"


def receive_identifiers(doors: Doors, delivered: Iterable[Delivered]) -> None:
    for one in delivered:
        doors.linkage.receive(io.BytesIO(one.parts[IDENTIFIERS]), one.manifest)


def receive_payload(doors: Doors, delivered: Iterable[Delivered]) -> None:
    for one in delivered:
        for part in doors.analysis.in_order(one.manifest):
            assert doors.analysis.receive(io.BytesIO(one.parts[part.name]), one.manifest, part.name).passed


def link(doors: Doors, delivered: Deliveries, run_id: str = RUN) -> Linked:
    chosen = {provider: one.manifest.delivery_id for provider, one in delivered.items()}
    return doors.linkage.link(doors.project, run_id, chosen, policy=POLICY)


def hand_over(doors: Doors, crosswalk: pa.Table) -> int:
    return doors.analysis.receive_crosswalk(sealed_to("analysis", parquet(crosswalk)), doors.project)


def people_of(delivered: Delivered, data_set: str) -> list[str]:
    """The person keys of a payload part in order: what only the analysis worker can open."""
    plain = unseal_bytes(delivered.parts[data_set], identities=[IDENTITIES["analysis"]])
    keys: list[str] = pq.read_table(io.BytesIO(plain))["person_key"].to_pylist()
    return keys


def crosswalk_of(rows: Iterable[tuple[str, str, str, str]], run_id: str = RUN) -> pa.Table:
    """(provider, person key, link id, delivery) as the linkage worker would write them."""
    columns = ("provider_id", "person_key", "link_id", "delivery_id")
    table = pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
    return table.replace_schema_metadata({RUN_ID: run_id.encode()})


def specification(*breakdowns: Breakdown, project_id: str = "prevalence-study") -> QuerySpec:
    parameters = PrevalenceParameters(index_date=date(2024, 12, 31))
    return PrevalenceSpec(
        project_id=project_id, template="prevalence", parameters=parameters, breakdowns=breakdowns
    )


def answered(doors: Doors, spec: QuerySpec) -> bytes:
    target = io.BytesIO()
    doors.analysis.answer(spec, target, recipient_of("gate"), seconds=60)
    return target.getvalue()


def aggregates(sealed: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(unseal_bytes(sealed, identities=[IDENTITIES["gate"]])))


def controlled(
    doors: Doors, sealed: bytes, spec: QuerySpec, policy: str = POLICY, release_id: str = RELEASE
) -> Evidence:
    question = SignedQuestion(asked_by="rosalind", asked_at=NOON, nonce="ab" * 16, specification=spec)
    return doors.gate.control(
        io.BytesIO(sealed), question, release_id=release_id, policy=policy, specification_sha256="a" * 64
    )


def ready(doors: Doors, delivered: Deliveries, linked: Linked) -> None:
    """Everything received, linked and handed over."""
    receive_payload(doors, delivered.values())
    target = io.BytesIO()
    doors.linkage.seal_crosswalk(linked, target, recipient_of("analysis"))
    doors.analysis.receive_crosswalk(io.BytesIO(target.getvalue()), doors.project)


@pytest.fixture(scope="session")
def linked(delivered: Deliveries, tmp_path_factory: pytest.TempPathFactory) -> Linked:
    """The links between the two deliveries."""
    doors = doors_in(tmp_path_factory.mktemp("linked"))
    receive_identifiers(doors, delivered.values())
    return link(doors, delivered)


def refuses(code: RefusalCode) -> AbstractContextManager[object]:
    return pytest.raises(EngineRefusal, match=f"^{code.value}$")


# --- linkage


def test_identifiers_are_counted_and_kept_encrypted(doors: Doors, delivered: Deliveries) -> None:
    one = delivered[REGISTRY]
    assert doors.linkage.receive(io.BytesIO(one.parts[IDENTIFIERS]), one.manifest) == 80
    (kept,) = (doors.folder / "linkage").rglob("*.parquet")
    assert kept.read_bytes()[:4] == b"PARE"  # encrypted footer


def test_the_same_person_gets_one_link_id_and_strangers_none_in_common(
    linked: Linked, delivered: Deliveries
) -> None:
    ids = linked.crosswalk["link_id"].to_pylist()
    assert (len(ids), len(set(ids))) == (240, 160)
    assert all(re.fullmatch("[0-9a-f]{32}", link_id) for link_id in ids)
    assert set(linked.crosswalk["delivery_id"].to_pylist()) == {
        one.manifest.delivery_id for one in delivered.values()
    }


def test_link_ids_are_kept_from_run_to_run(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, delivered.values())
    first, second = link(doors, delivered), link(doors, delivered, "ef" * 16)
    assert first.crosswalk.equals(second.crosswalk)


def test_one_provider_alone_gets_link_ids_without_links(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, [delivered[REGISTRY]])
    linked = link(doors, {REGISTRY: delivered[REGISTRY]})
    assert linked.figures.pairs == {}
    assert len(set(linked.crosswalk["link_id"].to_pylist())) == 80


def test_a_delivery_that_was_never_received_is_not_linked(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, [delivered[REGISTRY]])
    with refuses(RefusalCode.VAULT_OBJECT_MISSING):
        link(doors, delivered)


def test_a_provider_without_people_is_not_linked(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, delivered.values())
    name = f"identifiers/{REGISTRY}/{delivered[REGISTRY].manifest.delivery_id}"
    vault = doors.linkage.inside.vault
    vault.write(doors.project, name, vault.read(doors.project, name).slice(0, 0), replace=True)
    with pytest.raises(CannotLink) as refused:
        link(doors, delivered)
    assert refused.value.code is RefusalCode.TOO_FEW_RECORDS


def test_a_damaged_vault_is_not_linked(doors: Doors, delivered: Deliveries) -> None:
    receive_identifiers(doors, delivered.values())
    for path in (doors.folder / "linkage").rglob("*.parquet"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with refuses(RefusalCode.VAULT_DAMAGED):
        link(doors, delivered)


def test_a_part_that_the_manifest_does_not_name_is_not_opened(doors: Doors, delivered: Deliveries) -> None:
    one = delivered[REGISTRY]
    without = one.manifest.model_copy(update={"parts": one.manifest.parts[1:]})
    with refuses(RefusalCode.PART_DIFFERS_FROM_MANIFEST):
        doors.linkage.receive(io.BytesIO(one.parts[IDENTIFIERS]), without)


def test_a_part_sealed_to_another_worker_is_not_opened(doors: Doors, delivered: Deliveries) -> None:
    one = delivered[REGISTRY]
    with refuses(RefusalCode.SEALED_TO_ANOTHER_KEY):
        doors.analysis.receive(io.BytesIO(one.parts[IDENTIFIERS]), one.manifest, "death")


def test_events_do_not_pass_for_tokens(doors: Doors, delivered: Deliveries) -> None:
    """A part under the declared digest's name, but of another shape than the profile's."""
    one = delivered[REGISTRY]
    events = one.manifest.part("death")
    assert events is not None
    plain = unseal_bytes(one.parts["death"], identities=[IDENTITIES["analysis"]])
    declared = events.model_copy(update={"name": IDENTIFIERS, "sealed_bytes": 1 << 20})
    manifest = one.manifest.model_copy(update={"parts": (declared,)})
    with refuses(RefusalCode.COLUMNS_DIFFER):
        doors.linkage.receive(sealed_to("linkage", plain), manifest)


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


def by_hand(delivered: Deliveries) -> pa.Table:
    """A crosswalk that says: nobody of the registry is registered with a practice."""
    registry, practices = delivered[REGISTRY], delivered[PRACTICES]
    patients = people_of(practices, "gp_registration")
    cancers = people_of(registry, "cancer_registration")
    rows = [(PRACTICES, key, f"{i:032x}", practices.manifest.delivery_id) for i, key in enumerate(patients)]
    rows += [
        (REGISTRY, key, f"{1000 + i:032x}", registry.manifest.delivery_id) for i, key in enumerate(cancers)
    ]
    return crosswalk_of(rows)


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
        table = by_hand(delivered).replace_schema_metadata({RUN_ID: run_id.encode()})
        hand_over(doors, table)
        metadata = aggregates(answered(doors, specification())).schema.metadata
        versions.append(metadata[DATA_VERSION])
    assert versions[0] == versions[1] != versions[2]


def test_a_damaged_vault_answers_nothing(doors: Doors, delivered: Deliveries, linked: Linked) -> None:
    ready(doors, delivered, linked)
    for path in (doors.folder / "analysis").rglob("death.parquet"):
        path.write_bytes(b"PAR1damaged")
    with refuses(RefusalCode.VAULT_DAMAGED):
        answered(doors, specification())


# --- control


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
    hand_over(doors, everybody.slice(3).replace_schema_metadata({RUN_ID: b"another-run"}))
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
    monkeypatch.setattr("linkage_engine.boundary.policy_text", lambda _: json.dumps(narrow))
    spec = specification(Breakdown.SEX)
    sealed = answered(doors, spec)
    with refuses(RefusalCode.TABLE_TOO_LARGE):
        controlled(doors, sealed, spec)
    with refuses(RefusalCode.VAULT_OBJECT_MISSING):
        doors.gate.evidence_bytes(doors.project, RELEASE)
