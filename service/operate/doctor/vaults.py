"""Vaults: a rotation that was cut short, and tables and secrets that nothing opens any more."""

from __future__ import annotations

from collections.abc import Iterator

from linkage_engine.contract.refusals import EngineRefusal
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.rotation import lost_keys
from service.destructions.repetition import FILE
from service.operate.doctor.findings import Finding, ill, watch, well
from service.operate.installation import SEALED_TO, Home
from service.operate.rotation.key_files import KeyFiles

VAULTS = "vaults"


def examine_vaults(home: Home) -> Iterator[Finding]:
    """The vault of each role, by its key files alone: nothing is opened that records are in."""
    found = [finding for role in SEALED_TO for finding in _vault(home, role)]
    yield from found or [well(VAULTS, "every table and secret has a key that its role can open")]


def _vault(home: Home, role: str) -> Iterator[Finding]:
    files = KeyFiles(home.keys(role))
    if files.cut_short:
        yield ill(
            VAULTS,
            f"a rotation of the at-rest key of {role} was cut short",
            f"stop the service, then: tre-operate rotate HOME at-rest --role {role}",
        )
    if (home.vault(role) / FILE).exists():
        yield watch(
            VAULTS,
            f"{role} has not yet destroyed again what a restore brought back",
            "start the service; if this stays, see its log: it takes no job before",
        )
    try:
        lost = lost_keys(home.vault(role), Keystore.from_file(files.key))
    except (OSError, EngineRefusal):
        return  # the key or the folder: told of with keys and rights
    for each in lost:
        yield ill(
            VAULTS,
            f"{role}: nothing opens {each.project_id}/{each.name}",
            "restore its key file from a backup; where it was removed on purpose, remove the table too",
        )
