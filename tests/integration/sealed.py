"""Deliveries as a provider's tool makes them, from the small extracts."""

from __future__ import annotations

import dataclasses
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from linkage_engine.catalogue.data_sets import DATA_SETS
from linkage_engine.contract.manifest import Manifest
from linkage_engine.contract.project_file import ProjectFile, Recipients
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from service.clock import Clock, Randomness
from service.provider.delivery import read_delivery
from service.provider.mapping import read_mapping
from service.provider.person_keys import PersonKeys
from service.provider.seal import Sealer, seal_delivery
from service.signed import SigningKey
from tests.factories import PROJECT

SECRET = LinkageSecret(bytes(range(32)))
KEY_CHECK = key_check(SECRET, PROJECT, 1)


def own_keys(provider_id: str) -> PersonKeys:
    """The person keys that a provider's key folder would give, every time."""
    return PersonKeys(LinkageSecret(bytes(32)), project_id=PROJECT, provider_id=provider_id)


@dataclass(frozen=True)
class Delivered:
    """A package as it was posted, and what is in it."""

    manifest: Manifest
    package: Path
    parts: Mapping[str, bytes]


@dataclass(frozen=True)
class Desk:
    """A provider: whose key signs, and the two workers that are sealed to."""

    key: SigningKey
    recipients: Recipients
    clock: Clock
    random: Randomness
    secret: LinkageSecret = SECRET
    epoch: int = 1

    def deliver(
        self,
        folder: Path,
        files: Callable[[Path], Path],
        *,
        counter: int = 1,
        unchecked: bool = False,
        tampered: Callable[[dict[str, pa.Table]], dict[str, pa.Table]] = dict,
    ) -> Delivered:
        """Write the files, read them as the provider's tool does, and seal them into a package.

        `unchecked`: a tool that was tampered with, which seals rows that its checks refused; `tampered` says
        which rows it seals.
        """
        folder.mkdir(parents=True, exist_ok=True)
        mapping = read_mapping(files(folder))
        delivery = read_delivery(mapping, folder=folder, keys=own_keys(mapping.provider_id))
        delivery = dataclasses.replace(delivery, payload=tampered(delivery.payload))
        if unchecked:
            passed = delivery.report.model_copy(update={"files": ()})
            delivery = dataclasses.replace(delivery, report=passed)
        project = ProjectFile(
            project_id=PROJECT,
            secret_epoch=self.epoch,
            key_check=key_check(self.secret, PROJECT, self.epoch),
            linkage_profile="tokens",
            recipients=self.recipients,
            data_sets=DATA_SETS,
        )
        sealer = Sealer(mapping.provider_id, project, self.secret, self.key, self.clock, self.random)
        package = folder / f"delivery-{counter}.tresub"
        manifest = seal_delivery(delivery, sealer, out=package, counter=counter)
        with tarfile.open(package, "r:") as tar:
            parts = {part.name: _member(tar, f"{part.name}.age") for part in manifest.parts}
        return Delivered(manifest, package, parts)


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()
