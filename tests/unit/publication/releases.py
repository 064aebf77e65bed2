"""Releases for tests: controlled tables as a gate signs them, from numbers alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from linkage_engine.catalogue.analysis_templates import analysis_template, planned_measures
from linkage_engine.contract.controlled_table import BudgetUsed as Used
from linkage_engine.contract.controlled_table import (
    CellStatus,
    ControlledRow,
    ControlledTable,
    ControlledValue,
    DisclosureRecord,
    HistoryRecord,
    PublishedRecord,
)
from linkage_engine.contract.query_spec import Breakdown, PrevalenceParameters, PrevalenceSpec, QuerySpec
from linkage_engine.contract.statements import SignedQuestion
from service.audit.canonical import canonical
from service.audit.export import write_bundle
from service.audit.release import Trust
from service.audit.signature import keys_of
from service.publication.released import InLog, Released, released
from service.releases.contents import TABLE, as_record
from service.releases.publication import RECORD, as_csv, as_csvw
from service.signed import SigningKey
from service.signed import canonical as canonical_value
from tests.unit.audit.log_factories import a_log, a_statement, packed, release_members

Numbers = Mapping[tuple[str, ...], Mapping[str, float | CellStatus]]
"""For each row's labels the measures that are told, by name; the others are confidential."""
RELEASE_ID = "ab" * 16
PLACE = InLog(origin="tre.example/log", index=7, size=9)
USED = Used(limit=0.1, used_percent=50)
HISTORY = HistoryRecord(tables_before=1, leverage_mean=USED, leverage_top1=USED, over_budget=False)
RECORD_OF_ANY = DisclosureRecord(
    policy="nhs-cancer-default",
    policy_version=3,
    policy_sha256="cd" * 32,
    threshold=10,
    effective_threshold=13,
    rounding="midpoint6",
    margins="independent",
    cells=3,
    cells_hidden=1,
    cells_banded=0,
    rules=(),
    specification_sha256="ab" * 32,
    data_version="ef" * 32,
    history_audited=True,
)
PREVALENCE = PrevalenceSpec(
    project_id="cancer-audit",
    template="prevalence",
    parameters=PrevalenceParameters(index_date=date(2024, 12, 31)),
    breakdowns=(Breakdown.SEX,),
)
PEOPLE: Numbers = {
    ("Male",): {"numerator": 1200, "denominator": 30000, "percent": 4.0, "per_100_000": 4000},
    ("Female",): {"numerator": 1500, "denominator": 30000, "percent": 5.0, "per_100_000": 5000},
    ("Not known or not specified",): {"numerator": CellStatus.LOW},
    ("Total",): {"numerator": 2700, "denominator": 60000, "percent": 4.5, "per_100_000": 4500},
}


def a_table(spec: QuerySpec, numbers: Numbers, title: str | None = None) -> ControlledTable:
    """A controlled table of a question with just these numbers."""
    measures = planned_measures(spec)
    rows = [
        ControlledRow(
            labels=labels,
            values=tuple(_value(told.get(each.name, CellStatus.CONFIDENTIAL)) for each in measures),
        )
        for labels, told in numbers.items()
    ]
    return ControlledTable(
        title=title or analysis_template(spec.template).title,
        template=spec.template,
        dimensions=tuple(each.value for each in spec.breakdowns),
        measures=tuple(each.published for each in measures),
        rows=tuple(rows),
        record=RECORD_OF_ANY,
    )


def _value(told: float | CellStatus) -> ControlledValue:
    if isinstance(told, CellStatus):
        return ControlledValue(value=None, status=told)
    return ControlledValue(value=told)


def files_of(spec: QuerySpec, table: ControlledTable) -> dict[str, bytes]:
    """The files that a gate signs over."""
    digest = hashlib.sha256(canonical_value(spec)).hexdigest()
    record = PublishedRecord(**{**dict(table.record), "specification_sha256": digest, "history": HISTORY})
    question = SignedQuestion(
        asked_by="rosalind", asked_at=datetime(2026, 5, 1, 8, tzinfo=UTC), nonce="0" * 32, specification=spec
    )
    return {
        TABLE: as_csv(table),
        f"{TABLE}-metadata.json": as_csvw(table.model_copy(update={"record": record}), csv_name=TABLE),
        RECORD: as_record(record),
        "query.json": json.dumps({"question": question.model_dump(mode="json"), "signed": "jws"}).encode(),
    }


def members_of(files: Mapping[str, bytes], release_id: str = RELEASE_ID) -> dict[str, bytes]:
    """The members of a package that was verified already."""
    statement = json.loads(a_statement(files, release_id).model_dump_json())
    return {"release.json": canonical({"statement": statement}), **files}


def a_release(
    spec: QuerySpec = PREVALENCE,
    numbers: Numbers = PEOPLE,
    title: str | None = None,
    release_id: str = RELEASE_ID,
    **of_record: str,
) -> Released:
    """A release of just these numbers; `of_record` is what its record says otherwise."""
    table = a_table(spec, numbers, title)
    record = table.record.model_copy(update=of_record)
    files = files_of(spec, table.model_copy(update={"record": record}))
    return released(members_of(files, release_id), PLACE)


def a_package(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, Trust]:
    """A package that the gate signed and the log has, and the keys it verifies by, beside it too."""
    trust = packages(folder, {RELEASE_ID: files})
    return (folder / f"{RELEASE_ID}.zip").rename(folder / "release.zip"), trust


def packages(folder: Path, releases: Mapping[str, Mapping[str, bytes]]) -> Trust:
    """Packages of one gate and one log by their ids, an export of the log, and the keys they verify by."""
    folder.mkdir(parents=True, exist_ok=True)
    log, key = a_log(folder), SigningKey.generate()
    for release_id, files in releases.items():
        packed(folder / f"{release_id}.zip", release_members(log, key, files, release_id))
    log.enter(3)
    log.integrate()
    with log.sessions() as session, (folder / "log-bundle.zip").open("wb") as bundle:
        write_bundle(session, bundle, key=log.signer.key, release_keys=[key.public.model_dump()], releases=[])
    (folder / "log.vkey").write_text(f"{log.signer.key.to_text()}\n")
    (folder / "release-key.jwk").write_text(key.public.model_dump_json())
    return Trust(log.signer.key, keys_of([key.public.model_dump()]))
