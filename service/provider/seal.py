"""Sealing a delivery: tokens and events part ways, each sealed to its own worker and shuffled on its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from linkage_engine.catalogue.data_sets import CATALOGUE_VERSION, PERSON_KEY
from linkage_engine.contract.manifest import IDENTIFIERS, Manifest, Part, Zone
from linkage_engine.contract.profiles import SERVED
from linkage_engine.contract.project_file import ProjectFile
from linkage_engine.contract.refusals import CannotSeal
from linkage_engine.pseudonymise.batches import BatchEncoder, encoded_batches
from linkage_engine.pseudonymise.encoding import Encoding
from linkage_engine.pseudonymise.padding import Padding
from linkage_engine.pseudonymise.secret import LinkageSecret
from linkage_engine.sealing.digest import DigestingFile
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import SealingWriter
from linkage_engine.validate.footer import uncompressed_bytes
from service.clock import Clock, Randomness
from service.problems.provider_tool import ExtractFailed, LinkageProfileNotServed, ProjectFileUnusable
from service.problems.submissions import ManifestMismatch
from service.provider.delivery import Delivery
from service.provider.files import new_file
from service.provider.package import SealedFile, write_package
from service.provider.persons import Persons
from service.provider.secret import check_secret
from service.signed import SigningKey, TextType, sign

DELIVERY_ID_BYTES = 16


@dataclass(frozen=True)
class Sealer:
    """Whose delivery it is and what it is sealed with."""

    provider_id: str
    project: ProjectFile
    secret: LinkageSecret
    key: SigningKey
    clock: Clock
    random: Randomness
    workers: int = 1
    """Processes that encode a large file side by side."""

    def encoding(self) -> Encoding:
        """What the project's tokens are made with."""
        project = self.project
        return Encoding(self.secret, project.project_id, project.secret_epoch, project.linkage_profile)


def read_project(path: Path) -> ProjectFile:
    """The project file of an operator; raises ProjectFileUnusable, also where a recipient is none."""
    try:
        project = ProjectFile.model_validate_json(path.read_text(encoding="utf-8-sig"))
        for recipient in (project.recipients.linkage, project.recipients.analysis):
            Recipient.parse(recipient)
    except (ValidationError, UnicodeDecodeError, CannotSeal):
        raise ProjectFileUnusable from None
    return project


def seal_delivery(delivery: Delivery, sealer: Sealer, *, out: Path, counter: int) -> Manifest:
    """Write the delivery's package; on a disk there is ciphertext only, and nothing at all after a refusal.

    Raises ExtractFailed when a check failed, LinkageProfileNotServed, WrongLinkageSecret, ManifestMismatch
    for a data set that the project does not take or another provider's key, and OutputExists.
    """
    # 1. Refuse before anything is sealed.
    if not delivery.report.passed:
        raise ExtractFailed
    if sealer.project.linkage_profile not in SERVED:
        raise LinkageProfileNotServed
    check_secret(sealer.secret, sealer.project)
    is_ours = delivery.mapping.provider_id == sealer.provider_id
    if not (is_ours and set(delivery.payload) <= set(sealer.project.data_sets)):
        raise ManifestMismatch
    with ExitStack() as stack:
        target = stack.enter_context(new_file(out))
        # 2. Each part as ciphertext in a nameless file beside the package.
        sealed = [
            _sealed_part(name, tables, sealer, stack.enter_context(tempfile.TemporaryFile(dir=out.parent)))
            for name, tables in _parts(delivery, sealer)
        ]
        # 3. The manifest over all of them, signed, and first in the package.
        manifest = _manifest(delivery, sealer, counter, tuple(part for part, _ in sealed))
        write_package(
            target,
            sign(manifest, sealer.key, TextType.MANIFEST),
            (SealedFile(name=part.name, file=file, size_bytes=part.sealed_bytes) for part, file in sealed),
        )
    return manifest


def _parts(delivery: Delivery, sealer: Sealer) -> Iterator[tuple[str, Iterator[pa.Table]]]:
    """The identifier part, then the payload parts in the mapping's order; shuffled, and made in pieces."""
    yield IDENTIFIERS, _tokens(delivery.persons, sealer)
    for name, table in delivery.payload.items():
        yield name, iter([shuffled(table, sealer.random)])


def _tokens(persons: Persons, sealer: Sealer) -> Iterator[pa.Table]:
    """Shuffled before they are encoded, for tokens take much more room than identifiers."""
    rows = shuffled(persons.identifiers.add_column(0, PERSON_KEY, persons.keys), sealer.random)
    padding = Padding.of(persons.padding_key, rows[PERSON_KEY].to_pylist())
    encoder = BatchEncoder(sealer.encoding(), persons.spellings, padding)
    identifiers = rows.drop_columns([PERSON_KEY])
    done = 0
    for tokens in encoded_batches(identifiers, encoder, random=sealer.random, workers=sealer.workers):
        keys = rows[PERSON_KEY].slice(done, tokens.num_rows)
        done += tokens.num_rows
        yield tokens.add_column(0, PERSON_KEY, keys)


def _sealed_part(
    name: str, tables: Iterator[pa.Table], sealer: Sealer, file: BinaryIO
) -> tuple[Part, BinaryIO]:
    """The part, a row group a table; of several tables one is in memory at a time, and one being encoded."""
    zone = Zone.LINKAGE if name == IDENTIFIERS else Zone.ANALYSIS
    recipients = sealer.project.recipients
    recipient = recipients.linkage if zone is Zone.LINKAGE else recipients.analysis
    first = next(tables)
    # Tokens hardly repeat: a dictionary and statistics of them cost time and make the file larger.
    repeats = zone is Zone.ANALYSIS
    footers: list[pq.FileMetaData] = []
    target = DigestingFile(file)
    with SealingWriter(target, recipients=[Recipient.parse(recipient)], random=sealer.random) as writer:
        parquet = pq.ParquetWriter(
            writer,
            first.schema,
            compression="zstd",
            use_dictionary=repeats,
            write_statistics=repeats,
            metadata_collector=footers,
        )
        with parquet:
            for table in chain([first], tables):
                parquet.write_table(table)
    digest = target.finish()
    file.seek(0)
    part = Part(
        name=name,
        zone=zone,
        sealed_sha256=digest.sha256,
        sealed_bytes=digest.size_bytes,
        rows=footers[0].num_rows,
        columns=tuple(first.column_names),
        uncompressed_bytes=uncompressed_bytes(footers[0]),
        recipient=recipient,
    )
    return part, file


def shuffled(table: pa.Table, random: Randomness) -> pa.Table:
    """The rows in an order that tells nothing of the file they came from."""
    numbers = np.frombuffer(random(8 * table.num_rows), dtype=np.uint64)
    return table.take(pa.array(np.argsort(numbers, kind="stable")))


def _manifest(delivery: Delivery, sealer: Sealer, counter: int, parts: tuple[Part, ...]) -> Manifest:
    return Manifest(
        delivery_id=sealer.random(DELIVERY_ID_BYTES).hex(),
        project_id=sealer.project.project_id,
        provider_id=delivery.mapping.provider_id,
        counter=counter,
        catalogue_version=CATALOGUE_VERSION,
        linkage_profile=sealer.project.linkage_profile,
        secret_epoch=sealer.project.secret_epoch,
        key_check=sealer.project.key_check,
        extract_date=delivery.mapping.extract_date,
        created_at=sealer.clock(),
        parts=parts,
        left_out=delivery.report.left_out,
    )
