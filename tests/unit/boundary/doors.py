"""Doors with throw-away keys, and what tests do at them: receive, link, hand over, ask, control."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor, Inside, LinkageDoor, Linked
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.manifest import IDENTIFIERS
from linkage_engine.contract.project_file import Recipients
from linkage_engine.contract.query_spec import Breakdown, PrevalenceParameters, PrevalenceSpec, QuerySpec
from linkage_engine.contract.refusals import EngineRefusal, RefusalCode
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.linkage_runs.crosswalk import CROSSWALK, CURRENT, RUN_ID, VERSION
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal_bytes
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.signed import SigningKey
from tests.factories import NOON, Watch
from tests.integration.extracts import PRACTICES, REGISTRY
from tests.integration.sealed import Delivered, Desk

Deliveries = Mapping[str, Delivered]
RUN, RELEASE = "ab" * 16, "cd" * 16
POLICY = "nhs-cancer-default"
IDENTITIES = {role: Identity.generate(secrets.token_bytes) for role in ("linkage", "analysis", "gate")}


@dataclass(frozen=True)
class Doors:
    """The three doors, each with a vault of its own."""

    linkage: LinkageDoor
    analysis: AnalysisDoor
    gate: GateDoor
    folder: Path

    @property
    def project(self) -> str:
        return "prevalence-study"


def recipient_of(role: str) -> Recipient:
    return IDENTITIES[role].recipient


def sealed_to(role: str, data: bytes) -> BinaryIO:
    target = io.BytesIO()
    seal(io.BytesIO(data), target, recipients=[recipient_of(role)], random=secrets.token_bytes)
    return io.BytesIO(target.getvalue())


def parquet(table: pa.Table) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target)
    return target.getvalue()


def doors_in(folder: Path) -> Doors:
    def inside(role: str) -> Inside:
        vault = Vault(folder / role, Keystore(secrets.token_bytes(32)))
        return Inside(IDENTITIES[role], vault, secrets.token_bytes)

    return Doors(
        LinkageDoor(inside("linkage")), AnalysisDoor(inside("analysis")), GateDoor(inside("gate")), folder
    )


def the_desk() -> Desk:
    """A provider that seals to these doors."""
    recipients = Recipients(linkage=str(recipient_of("linkage")), analysis=str(recipient_of("analysis")))
    return Desk(SigningKey.generate(), recipients, Watch(), secrets.token_bytes)


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


def people_of(delivered: Delivered, data_set: str, *, blank: str | None = None) -> list[str]:
    """The person keys of a payload part in order: what only the analysis worker can open.

    With `blank` only those of rows where that column is.
    """
    plain = unseal_bytes(delivered.parts[data_set], identities=[IDENTITIES["analysis"]])
    rows = pq.read_table(io.BytesIO(plain)).to_pylist()
    return [row["person_key"] for row in rows if blank is None or not row[blank]]


def crosswalk_of(rows: Iterable[tuple[str, str, str, str]], run_id: str = RUN) -> pa.Table:
    """(provider, person key, link id, delivery) as the linkage worker would write them."""
    written = [
        {
            "provider_id": provider,
            "person_key": key,
            "link_id_strict": f"strict {link_id}",
            "link_id": link_id,
            "link_id_lenient": f"lenient {link_id}",
            "weight_band": "unlinked",
            "delivery_id": delivery,
        }
        for provider, key, link_id, delivery in rows
    ]
    return of_run(pa.Table.from_pylist(written, schema=CROSSWALK), run_id.encode())


def of_run(crosswalk: pa.Table, run_id: bytes) -> pa.Table:
    """The same crosswalk as another run would have written it."""
    return crosswalk.replace_schema_metadata({RUN_ID: run_id, VERSION: CURRENT})


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


def refuses(code: RefusalCode) -> AbstractContextManager[object]:
    return pytest.raises(EngineRefusal, match=f"^{code.value}$")


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
