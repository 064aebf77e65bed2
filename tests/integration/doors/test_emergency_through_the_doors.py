"""Emergency care after diagnosis from sealed parts to a controlled table, through the engine's doors."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor, Inside
from linkage_engine.catalogue.data_sets import data_set
from linkage_engine.contract.controlled_table import CellStatus
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.query_spec import Breakdown, EmergencySpec, QuerySpec
from linkage_engine.contract.refusals import NotTrusted, QueryRefused, RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.disclosure.membership import KeptColumns, from_columns
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.unseal.identity import Identity
from linkage_engine.validate.footer import read_footer, uncompressed_bytes
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from tests.factories import NOON, PROJECT, a_manifest, a_part, a_specification
from tests.spec.drawn_emergency import an_emergency_spec
from tests.unit.boundary.doors import crosswalk_of

WITH_CANCER, WITHOUT = 60, 400
PEOPLE = range(WITH_CANCER + WITHOUT)
DELIVERIES = {"practice": "1" * 32, "registry": "2" * 32, "hospital": "3" * 32}
SPEC = an_emergency_spec(Breakdown.SEX, events=("emergency_admission",)).model_copy(
    update={"project_id": PROJECT}
)


def key(person: int) -> str:
    return f"{person:032x}"


def on(day: int) -> str:
    """A day of the window, counted from 1 March 2020."""
    return (date(2020, 3, 1) + timedelta(days=day)).isoformat()


PARTS: dict[str, tuple[str, list[dict[str, str]]]] = {
    "gp_registration": (
        "practice",
        [
            {
                "person_key": key(n),
                "gp_practice_code": "A00001",
                "registration_start": "2000-01-01",
                "year_of_birth": "1950",
                "sex": "2" if n % 2 else "1",
            }
            for n in PEOPLE
        ],
    ),
    "cancer_registration": (
        "registry",
        [
            {
                "person_key": key(n),
                "tumour_id": f"T{n}",
                "diagnosis_date": on(n % 30),
                "primary_diagnosis_icd10": "C189",
            }
            for n in range(WITH_CANCER)
        ],
    ),
    "apc_spell": (
        "hospital",
        [
            {
                "person_key": key(n),
                "hospital_provider_spell_id": f"S{n}",
                "start_date_hospital_provider_spell": on(30),
                "admission_method_code": "21",
            }
            for n in PEOPLE
            if n % 3 == 0
        ],
    ),
}


def an_inside(folder: Path) -> Inside:
    return Inside(
        identity=Identity.generate(secrets.token_bytes),
        vault=Vault(folder, Keystore(secrets.token_bytes(32))),
        random=secrets.token_bytes,
    )


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def receive(
    door: AnalysisDoor,
    name: str,
    provider: str,
    rows: list[dict[str, str]],
    *,
    extract_date: date = date(2022, 1, 1),
) -> None:
    """One part as a provider's tool makes it."""
    columns = data_set(name).columns
    schema = pa.schema([(column, pa.string()) for column in columns])
    plain = parquet(pa.Table.from_pylist(rows, schema=schema))
    sealed = seal_bytes(plain, recipients=[door.inside.identity.recipient], random=secrets.token_bytes)
    part = a_part(
        name,
        sealed,
        rows=len(rows),
        columns=columns,
        uncompressed_bytes=uncompressed_bytes(read_footer(io.BytesIO(plain))),
    )
    manifest = a_manifest(
        [part],
        random=secrets.token_bytes,
        provider_id=provider,
        delivery_id=DELIVERIES[provider],
        extract_date=extract_date,
    )
    report = door.receive(io.BytesIO(sealed), manifest, name)
    assert report.passed, report


def receive_crosswalk(door: AnalysisDoor) -> None:
    rows = [
        (provider, key(n), f"link{n}", delivery) for provider, delivery in DELIVERIES.items() for n in PEOPLE
    ]
    table = crosswalk_of(rows, "a-run")
    sealed = seal_bytes(
        parquet(table), recipients=[door.inside.identity.recipient], random=secrets.token_bytes
    )
    assert door.receive_crosswalk(io.BytesIO(sealed), PROJECT) == len(rows)


def an_analysis(folder: Path, names: Iterable[str]) -> AnalysisDoor:
    door = AnalysisDoor(an_inside(folder / "analysis"))
    for name in names:
        receive(door, name, *PARTS[name])
    receive_crosswalk(door)
    return door


def answered(door: AnalysisDoor, gate: GateDoor, spec: QuerySpec) -> bytes:
    target = io.BytesIO()
    door.answer(spec, target, gate.inside.identity.recipient, seconds=60)
    return target.getvalue()


def controlled(gate: GateDoor, sealed: bytes, spec: QuerySpec) -> Evidence:
    question = SignedQuestion(asked_by="rosalind", asked_at=NOON, nonce="ab" * 16, specification=spec)
    return gate.control(
        io.BytesIO(sealed),
        question,
        release_id="cd" * 16,
        policy="nhs-cancer-default",
        specification_sha256="ef" * 32,
    )


def figures(evidence: Evidence, row: int) -> dict[str, Any]:
    values = evidence.table.rows[row].values
    return {m.name: v.value for m, v in zip(evidence.table.measures, values, strict=True)}


def test_a_question_is_answered_and_controlled(tmp_path: Path) -> None:
    """60 cases of 30 days; 400 others of 60 days, of whom 134 are admitted on 31 March.

    Expected: 60 * 30 * 134 / (400 * 60) = 10.05. Observed: 18 of the 20 cases whose number is a
    multiple of three; the two diagnosed on 1 March are past their 30 days.
    """
    door, gate = an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate"))
    evidence = controlled(gate, answered(door, gate, SPEC), SPEC)
    assert evidence.table.title == "Emergency care in the months after a diagnosis of cancer"
    assert evidence.table.rows[-1].labels == ("Total",)
    exact = dict(zip([m.name for m in evidence.table.measures], evidence.exact[-1], strict=True))
    assert (exact["cases"], exact["emergency_admission_observed"]) == (60, 18)
    assert exact["emergency_admission_expected"] == pytest.approx(10.05)
    shown = figures(evidence, -1)
    assert (shown["cases"], shown["emergency_admission_observed"]) == (57, 15)
    assert shown["emergency_admission_expected"] in {10.0, 10.1}
    assert shown["emergency_admission_ratio"] == round(15 / shown["emergency_admission_expected"], 2)
    names = [m.name for m in evidence.table.measures]
    unknown = dict(zip(names, (v.status for v in evidence.table.rows[2].values), strict=True))
    assert set(unknown.values()) == {CellStatus.CONFIDENTIAL}, "nobody is of unknown sex"
    kept = gate.inside.vault
    release = evidence.release_id
    columns = [
        {name: table[name].to_numpy() for name in table.column_names}
        for table in (kept.read(PROJECT, f"history/{release}/{each}") for each in ("cells", "members"))
    ]
    sizes = [(m.measure, m.people.size) for m in from_columns(KeptColumns(*columns)) if m.key == "sex=Total"]
    assert sizes == [("cases", 60), ("emergency_admission_persons", 18)]


def test_prevalence_goes_the_same_way(tmp_path: Path) -> None:
    door = an_analysis(tmp_path, ("gp_registration", "cancer_registration"))
    gate = GateDoor(an_inside(tmp_path / "gate"))
    spec = a_specification(breakdowns=())
    evidence = controlled(gate, answered(door, gate, spec), spec)
    assert evidence.exact == ((60, 460, 13.0, 13043),)
    assert [v.value for v in evidence.table.rows[0].values] == [57, 459, 12.4, 12418]


def test_without_the_hospitals_data_the_question_is_refused(tmp_path: Path) -> None:
    door = an_analysis(tmp_path, ("gp_registration", "cancer_registration"))
    with pytest.raises(QueryRefused) as refusal:
        answered(door, GateDoor(an_inside(tmp_path / "gate")), SPEC)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA


def test_data_that_does_not_say_when_it_was_extracted_is_refused(tmp_path: Path) -> None:
    door = an_analysis(tmp_path, PARTS)
    name = f"payload/hospital/{DELIVERIES['hospital']}/apc_spell"
    vault = door.inside.vault
    vault.write(PROJECT, name, vault.read(PROJECT, name).replace_schema_metadata(None), replace=True)
    with pytest.raises(QueryRefused) as refusal:
        answered(door, GateDoor(an_inside(tmp_path / "gate")), SPEC)
    assert refusal.value.code is RefusalCode.NO_LINKED_DATA


def test_the_answer_to_another_question_is_not_believed(tmp_path: Path) -> None:
    door, gate = an_analysis(tmp_path, PARTS), GateDoor(an_inside(tmp_path / "gate"))
    sealed = answered(door, gate, SPEC)
    other: EmergencySpec = SPEC.model_copy(update={"breakdowns": (Breakdown.AGE_BAND,)})
    for spec in (other, a_specification(breakdowns=(Breakdown.SEX,))):
        with pytest.raises(NotTrusted) as refusal:
            controlled(gate, sealed, spec)
        assert refusal.value.code is RefusalCode.HAND_OVER_INVALID
