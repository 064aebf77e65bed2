"""The same people in two projects, over the whole path: nothing that either project holds is in the other."""

from __future__ import annotations

import io
import secrets
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from linkage_engine.boundary import AnalysisDoor, Inside, LinkageDoor
from linkage_engine.contract.manifest import IDENTIFIERS
from linkage_engine.contract.profiles import SERVED
from linkage_engine.contract.project_file import ProjectFile, Recipients
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal_bytes
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.provider.delivery import read_delivery
from service.provider.mapping import read_mapping
from service.provider.person_keys import PersonKeys
from service.provider.seal import Sealer, seal_delivery, shuffled
from service.signed import SigningKey
from tests.factories import NOON, Chance
from tests.integration.cast import POLICY
from tests.integration.extracts import PEOPLE, practice_files, registry_files

SECRET, OWN = LinkageSecret(bytes(range(32))), LinkageSecret(bytes(32))
LINKAGE, ANALYSIS = Identity.generate(secrets.token_bytes), Identity.generate(secrets.token_bytes)
RECIPIENTS = Recipients(linkage=str(LINKAGE.recipient), analysis=str(ANALYSIS.recipient))
DATA_SETS = ("cancer_registration", "death", "gp_registration")
LINK_IDS = ("link_id", "link_id_strict", "link_id_lenient")
FEW_BITS = 1 << 32
"""Whole numbers below it may be the same by chance, or be a count; tokens are larger."""
ROWS, LIMIT = 100_000, 0.01


@dataclass(frozen=True)
class Held:
    """What the two workers hold of a project."""

    tokens: frozenset[int]
    person_keys: frozenset[str]
    link_ids: frozenset[str]


def sealed(project_id: str, folder: Path, profile: str) -> Iterator[tuple[object, dict[str, bytes]]]:
    """Both providers' deliveries to a project: manifest and sealed parts."""
    for files in (registry_files, practice_files):
        folder.mkdir(exist_ok=True)
        mapping = read_mapping(files(folder))
        keys = PersonKeys(OWN, project_id=project_id, provider_id=mapping.provider_id)
        project = ProjectFile(
            project_id=project_id,
            secret_epoch=1,
            key_check=key_check(SECRET, project_id, 1),
            linkage_profile=profile,
            recipients=RECIPIENTS,
            data_sets=DATA_SETS,
        )
        key = SigningKey.generate()
        sealer = Sealer(mapping.provider_id, project, SECRET, key, lambda: NOON, secrets.token_bytes)
        out = folder / f"{mapping.provider_id}.tresub"
        manifest = seal_delivery(read_delivery(mapping, folder=folder, keys=keys), sealer, out=out, counter=1)
        with tarfile.open(out, "r:") as tar:
            files_of = {part.name: tar.extractfile(f"{part.name}.age") for part in manifest.parts}
            yield manifest, {name: file.read() for name, file in files_of.items() if file}


def held(project_id: str, folder: Path, profile: str) -> Held:
    """Seal, unseal, link and hand over, as the workers do."""
    inside = [
        Inside(identity=each, vault=Vault(folder / name, Keystore(bytes(32))), random=secrets.token_bytes)
        for each, name in ((LINKAGE, "linkage"), (ANALYSIS, "analysis"))
    ]
    linkage, analysis = LinkageDoor(inside[0]), AnalysisDoor(inside[1])
    tokens: set[int] = set()
    person_keys: set[str] = set()
    deliveries = {}
    for manifest, parts in sealed(project_id, folder, profile):
        linkage.receive(io.BytesIO(parts[IDENTIFIERS]), manifest)  # type: ignore[arg-type]  # a manifest
        table = opened(parts[IDENTIFIERS], LINKAGE)
        tokens |= set(whole_numbers(table))
        person_keys |= set(table["person_key"].to_pylist())
        deliveries[manifest.provider_id] = manifest.delivery_id  # type: ignore[attr-defined]
    linked = linkage.link(project_id, "ab" * 16, deliveries, policy=POLICY)
    file = io.BytesIO()
    linkage.seal_crosswalk(linked, file, ANALYSIS.recipient)
    file.seek(0)
    analysis.receive_crosswalk(file, project_id)
    found = {value for name in LINK_IDS for value in linked.crosswalk[name].to_pylist()}
    person_keys |= set(linked.crosswalk["person_key"].to_pylist())
    return Held(frozenset(tokens), frozenset(person_keys), frozenset(found))


def opened(part: bytes, identity: Identity) -> pa.Table:
    return pq.read_table(io.BytesIO(unseal_bytes(part, identities=[identity])))


def whole_numbers(table: pa.Table) -> Iterator[int]:
    """Every number anywhere in the token columns, however they are nested."""
    for name in table.column_names:
        if name != "person_key":
            yield from _numbers(table[name].to_pylist())


def _numbers(value: object) -> Iterator[int]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= FEW_BITS:
        yield value


@pytest.mark.parametrize("profile", sorted(SERVED))
def test_one_person_in_two_projects_has_no_token_key_or_link_id_in_common(
    tmp_path: Path, profile: str
) -> None:
    one, other = (held(name, tmp_path / name, profile) for name in ("first-project", "second-project"))
    for each in (one, other):  # there is something to have in common
        assert len(each.person_keys) >= PEOPLE
        assert len(each.link_ids) >= PEOPLE
        assert len(each.tokens) >= PEOPLE
    assert not one.tokens & other.tokens
    assert not one.person_keys & other.person_keys
    assert not one.link_ids & other.link_ids


def rank_correlation(one: pa.ChunkedArray, other: pa.ChunkedArray) -> float:
    """Spearman's, of where the same keys stand in two parts."""
    places = pc.index_in(one, value_set=other.combine_chunks()).to_numpy(zero_copy_only=False)
    return float(np.corrcoef(np.arange(len(places)), places)[0, 1])


def test_where_a_row_stands_in_one_part_tells_nothing_of_where_it_stands_in_another() -> None:
    file = pa.table({"person_key": pa.array([f"{number:032x}" for number in range(ROWS)])})
    chance = Chance(b"rows")
    identifiers, payload, other = (shuffled(file, chance)["person_key"] for _ in range(3))
    assert rank_correlation(file["person_key"], file["person_key"]) == pytest.approx(1)
    for one, another in ((identifiers, payload), (identifiers, other), (payload, other)):
        assert abs(rank_correlation(one, another)) < LIMIT
        assert abs(rank_correlation(file["person_key"], one)) < LIMIT
