"""A question asked of synthetic data through the service's doors: the analysis worker's and the gate's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from linkage_engine.boundary import AnalysisDoor, GateDoor, Inside, Randomness
from linkage_engine.catalogue.analysis_templates import analysis_template
from linkage_engine.catalogue.data_sets import PERSON_KEY
from linkage_engine.contract.evidence import Evidence
from linkage_engine.contract.query_spec import LinkageQualitySpec, QuerySpec
from linkage_engine.contract.statements import SignedQuestion
from linkage_engine.laboratory.england.catalogue_form import OfProvider
from linkage_engine.laboratory.england.lifespan import EXTRACT_DATE
from linkage_engine.linkage_runs.crosswalk import CROSSWALK as CROSSWALK_SCHEMA
from linkage_engine.linkage_runs.crosswalk import RUN_ID
from linkage_engine.linked_data import CROSSWALK, number_persons, payload_object
from linkage_engine.linked_data import EXTRACT_DATE as EXTRACTED
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault

NAME = "synthetic"
DELIVERY = "0" * 32
SECONDS_ALLOWED = 600.0


def answered(
    specification: QuerySpec, sets: Iterable[OfProvider], *, policy: str, random: Randomness
) -> Evidence:
    """What the gate would decide of a question, were it the first of its project: table and reasons.

    The data sets are linked by their person keys, without a mistake. They are kept encrypted in a folder
    that is gone when this returns. Raises what `AnalysisDoor.answer` and `GateDoor.control` raise.
    """
    project = specification.project_id
    with TemporaryDirectory() as folder:
        analysis = Inside(Identity.generate(random), _vault(Path(folder) / "analysis", random), random)
        gate = Inside(Identity.generate(random), _vault(Path(folder) / "gate", random), random)
        keep_linked(analysis.vault, project, sets, random=random)
        sealed = BytesIO()
        AnalysisDoor(analysis).answer(specification, sealed, gate.identity.recipient, seconds=SECONDS_ALLOWED)
        sealed.seek(0)
        question = SignedQuestion(
            asked_by=NAME,
            asked_at=datetime.combine(EXTRACT_DATE, datetime.min.time(), UTC),
            nonce=random(16).hex(),
            specification=specification,
        )
        return GateDoor(gate).control(
            sealed,
            question,
            release_id=random(16).hex(),
            policy=policy,
            specification_sha256=hashlib.sha256(specification.to_json().encode()).hexdigest(),
        )


def data_sets_of(asked: QuerySpec) -> frozenset[str]:
    """The data sets that a question may read."""
    if isinstance(asked, LinkageQualitySpec):
        return frozenset({asked.parameters.data_set, asked.parameters.linked_to})
    return frozenset(analysis_template(asked.template).inputs)


def keep_linked(vault: Vault, project_id: str, sets: Iterable[OfProvider], *, random: Randomness) -> None:
    """Write data sets into a vault as the analysis worker keeps them after a linkage."""
    known: dict[str, list[pa.ChunkedArray]] = {}
    about = {EXTRACTED: EXTRACT_DATE.isoformat().encode()}
    for each in sets:
        kept = payload_object(each.provider, DELIVERY, each.name)
        vault.write(project_id, kept, each.rows.replace_schema_metadata(about))
        known.setdefault(each.provider, []).append(each.rows[PERSON_KEY].unique())
    crosswalk = pa.concat_tables(_records(provider, keys) for provider, keys in known.items())
    vault.write(project_id, CROSSWALK, crosswalk.replace_schema_metadata({RUN_ID: NAME.encode()}))
    number_persons(vault, project_id, crosswalk, random)


def _records(provider: str, keys: list[pa.Array]) -> pa.Table:
    """The crosswalk of one provider: on every level a person is who their key says."""
    persons = pa.chunked_array(keys).unique()
    said = {"provider_id": provider, "delivery_id": DELIVERY, "weight_band": ""}
    return pa.table(
        {
            field.name: pa.repeat(said[field.name], len(persons)) if field.name in said else persons
            for field in CROSSWALK_SCHEMA
        },
        schema=CROSSWALK_SCHEMA,
    )


def _vault(root: Path, random: Randomness) -> Vault:
    return Vault(root, Keystore(random(32)))
