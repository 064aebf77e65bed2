"""Doors with throw-away keys, and two small deliveries made once."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage_engine.boundary import AnalysisDoor, GateDoor, Inside, LinkageDoor
from linkage_engine.contract.project_file import Recipients
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.signed import SigningKey
from tests.factories import Watch
from tests.integration.extracts import PRACTICES, REGISTRY, practice_files, registry_files
from tests.integration.sealed import Delivered, Desk

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


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    return doors_in(tmp_path)


@pytest.fixture(scope="session")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Delivered]:
    """A delivery of each provider."""
    desk = the_desk()
    folder = tmp_path_factory.mktemp("desks")
    return {
        REGISTRY: desk.deliver(folder / REGISTRY, registry_files),
        PRACTICES: desk.deliver(folder / PRACTICES, practice_files),
    }
