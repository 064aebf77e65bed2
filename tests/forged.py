"""Deliveries by a provider's own program instead of `tre-provider`: as honest or as hostile as it likes."""

from __future__ import annotations

import hashlib
import io
import itertools
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq

from linkage_engine.catalogue.data_sets import CATALOGUE_VERSION
from linkage_engine.contract.manifest import IDENTIFIERS, Manifest, Part, Zone
from linkage_engine.contract.project_file import ProjectFile
from linkage_engine.laboratory.demo.cast import PROJECT
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.tokens import encode
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.validate.footer import uncompressed_bytes
from service.clock import utc_now
from service.provider.delivery import Delivery, read_delivery
from service.provider.mapping import read_mapping
from service.provider.person_keys import PersonKeys
from service.signed import TextType, sign
from tests.factories import a_tar
from tests.running import Running

COUNTERS = itertools.count(1000)
"""Far above those of the tool, so that every forged delivery is the newest."""


@dataclass(frozen=True)
class SealedPart:
    """A part as declared and as sealed: nothing makes the two agree."""

    part: Part
    data: bytes

    def declared(self, **changes: object) -> SealedPart:
        """The same bytes under another declaration."""
        return replace(self, part=self.part.model_copy(update=changes))

    def holding(self, data: bytes) -> SealedPart:
        """Other bytes, declared as they are."""
        digest = hashlib.sha256(data).hexdigest()
        return SealedPart(
            self.part.model_copy(update={"sealed_sha256": digest, "sealed_bytes": len(data)}), data
        )


def flipped(data: bytes, at: int | None = None) -> bytes:
    """The bytes with one bit changed, in the middle unless told where."""
    place = len(data) // 2 if at is None else at
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@dataclass
class Forger:
    """One provider's rows, keys and project file, and a free hand."""

    running: Running
    provider: str
    project: ProjectFile
    delivery: Delivery
    tables: Mapping[str, pa.Table]

    def recipient(self, name: str) -> str:
        recipients = self.project.recipients
        return recipients.linkage if name == IDENTIFIERS else recipients.analysis

    def sealed(self, name: str, table: pa.Table | None = None, *, recipient: str | None = None) -> SealedPart:
        """A part, honest unless given other rows or another recipient."""
        rows = self.tables[name] if table is None else table
        plain, footers = io.BytesIO(), []  # type: ignore[var-annotated]  # pyarrow is not typed
        pq.write_table(rows, plain, compression="zstd", metadata_collector=footers)
        to = recipient or self.recipient(name)
        data = seal_bytes(plain.getvalue(), recipients=[Recipient.parse(to)], random=secrets.token_bytes)
        part = Part(
            name=name,
            zone=Zone.LINKAGE if name == IDENTIFIERS else Zone.ANALYSIS,
            sealed_sha256=hashlib.sha256(data).hexdigest(),
            sealed_bytes=len(data),
            rows=rows.num_rows,
            columns=tuple(rows.column_names),
            uncompressed_bytes=uncompressed_bytes(footers[0]),
            recipient=to,
        )
        return SealedPart(part, data)

    def parts(self, **instead: SealedPart) -> list[SealedPart]:
        """Every part, honest but for those given."""
        return [instead.get(name) or self.sealed(name) for name in self.tables]

    def package(self, parts: Sequence[SealedPart], **changes: object) -> bytes:
        """The parts under a manifest that the provider really signed."""
        fields: dict[str, object] = {
            "delivery_id": secrets.token_hex(16),
            "project_id": self.project.project_id,
            "provider_id": self.provider,
            "counter": next(COUNTERS),
            "catalogue_version": CATALOGUE_VERSION,
            "linkage_profile": self.project.linkage_profile,
            "secret_epoch": self.project.secret_epoch,
            "key_check": self.project.key_check,
            "extract_date": self.delivery.mapping.extract_date,
            "created_at": utc_now(),
            "parts": tuple(one.part for one in parts),
        }
        manifest = sign(
            Manifest.model_validate(fields | changes), self.running.key(self.provider), TextType.MANIFEST
        )
        return a_tar([("manifest.jws", manifest.encode()), *_members(parts)])

    def honest(self) -> bytes:
        """A delivery like the tool's own."""
        return self.package(self.parts())


def _members(parts: Sequence[SealedPart]) -> Iterator[tuple[str, bytes]]:
    return ((f"{one.part.name}.age", one.data) for one in parts)


def forger(running: Running, provider: str, project_id: str = PROJECT) -> Forger:
    """A forger at a provider, with the provider's own files and fresh person keys."""
    mapping = running.demo.at(provider, "mapping.json")
    delivery = read_delivery(
        read_mapping(mapping), folder=mapping.parent, keys=PersonKeys.for_one_delivery(secrets.token_bytes)
    )
    project = ProjectFile.model_validate(
        running.client(provider).get(f"/projects/{project_id}/provider-file")
    )
    tokens = encode(
        delivery.persons.identifiers,
        Encoding(running.secret, project_id, project.secret_epoch, project.linkage_profile),
        random=secrets.token_bytes,
    )
    identifiers = tokens.add_column(0, "person_key", delivery.persons.keys)
    tables = {IDENTIFIERS: identifiers, **delivery.payload}
    return Forger(running, provider, project, delivery, tables)
