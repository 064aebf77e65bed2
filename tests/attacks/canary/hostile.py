"""A provider whose key the permit names, and whose program seals and signs what no honest tool would."""

from __future__ import annotations

import hashlib
import io
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linkage_engine.catalogue.data_sets import CATALOGUE_VERSION, data_set
from linkage_engine.contract.manifest import IDENTIFIERS, Manifest, Part, Zone
from linkage_engine.contract.profiles import LinkageProfile, column_names
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.validate.footer import uncompressed_bytes
from service.client import Client
from service.keys import folder_key, folder_party
from service.provider.delivery import Delivery, read_delivery
from service.provider.mapping import read_mapping
from service.provider.package import SealedFile, write_package
from service.provider.person_keys import PersonKeys
from service.provider.seal import Sealer, _parts, read_project
from service.provider.secret import read_secret
from service.provider.upload import Sending, hand_over
from service.signed import TextType, sign
from tests.attacks.canary.marks import Kind, Marks

Tables = dict[str, pa.Table]
Harm = Callable[[bytes], bytes]
PAYLOAD = "gp_registration"


@dataclass(frozen=True)
class Crafted:
    """A delivery as its maker wants it: tables, harm done to a part before or after it is sealed."""

    tables: Tables
    before: Mapping[str, Harm]
    after: Mapping[str, Harm]


@dataclass
class HostileProvider:
    """One provider of the project, its own tool left aside."""

    client: Client
    sealer: Sealer
    delivery: Delivery
    tables: Tables
    counter: int = 1

    @classmethod
    def at(cls, desk: Path, *, keys: Path, secret: Path, client: Client) -> HostileProvider:
        """The provider at its own desk, with the project file that it fetched."""
        sealer = Sealer(
            provider_id=folder_party(keys).principal_id,
            project=read_project(desk / "project.json"),
            secret=read_secret(secret),
            key=folder_key(keys),
            clock=client._clock,
            random=secrets.token_bytes,
        )
        mapping = read_mapping(desk / "mapping.json")
        delivery = read_delivery(mapping, folder=desk, keys=PersonKeys.for_one_delivery(secrets.token_bytes))
        tables = {name: pa.concat_tables(pieces) for name, pieces in _parts(delivery, sealer)}
        return cls(client, sealer, delivery, tables)

    def send(self, crafted: Crafted) -> str:
        """Seal, sign and hand over; the id of the submission."""
        self.counter += 1
        parts, sealed = zip(*self._sealed(crafted), strict=True)
        manifest = Manifest(
            delivery_id=secrets.token_hex(16),
            project_id=self.sealer.project.project_id,
            provider_id=self.sealer.provider_id,
            counter=self.counter,
            catalogue_version=CATALOGUE_VERSION,
            linkage_profile=self.sealer.project.linkage_profile,
            secret_epoch=self.sealer.project.secret_epoch,
            key_check=self.sealer.project.key_check,
            extract_date=self.delivery.mapping.extract_date,
            created_at=self.sealer.clock(),
            parts=parts,
        )
        package = io.BytesIO()
        write_package(package, sign(manifest, self.sealer.key, TextType.MANIFEST), sealed)
        answer = hand_over(
            Sending(
                client=self.client,
                project_id=manifest.project_id,
                file=package,
                length=package.tell(),
                pause=time.sleep,
            )
        )
        return str(answer["submission_id"])

    def _sealed(self, crafted: Crafted) -> Iterator[tuple[Part, SealedFile]]:
        recipients = self.sealer.project.recipients
        for name, table in crafted.tables.items():
            to = recipients.linkage if name == IDENTIFIERS else recipients.analysis
            plain = _parquet(table)
            footer = pq.read_metadata(io.BytesIO(plain))
            harmed = crafted.before.get(name, _leave)(plain)
            sealed = seal_bytes(harmed, recipients=[Recipient.parse(to)], random=secrets.token_bytes)
            sealed = crafted.after.get(name, _leave)(sealed)
            part = Part(
                name=name,
                zone=Zone.LINKAGE if name == IDENTIFIERS else Zone.ANALYSIS,
                sealed_sha256=hashlib.sha256(sealed).hexdigest(),
                sealed_bytes=len(sealed),
                rows=table.num_rows,
                # a name of its own would be refused at the door: this provider lies
                columns=("person_key", *column_names(LinkageProfile.TOKENS))
                if name == IDENTIFIERS
                else data_set(name).columns,
                uncompressed_bytes=uncompressed_bytes(footer),
                recipient=to,
            )
            yield part, SealedFile(name=name, file=io.BytesIO(sealed), size_bytes=len(sealed))


def _leave(data: bytes) -> bytes:
    return data


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="none", use_dictionary=False)
    return sink.getvalue()


def crafted_deliveries(tables: Tables, marks: Marks) -> Iterator[tuple[str, Crafted]]:
    """Every delivery that the workers inside have to refuse, and why it should be."""
    good = Crafted(tables, before={}, after={})

    def with_(part: str, table: pa.Table) -> Crafted:
        return replace(good, tables={**tables, part: table})

    def word(name: str) -> str:
        return marks.word(Kind.HOSTILE, name)

    payload, identifiers = tables[PAYLOAD], tables[IDENTIFIERS]
    token = next(name for name in identifiers.column_names if name != "person_key")
    yield "values that no list has", with_(PAYLOAD, _one_bad_value_a_column(payload, word))
    yield (
        "numbers where text stands",
        with_(PAYLOAD, _set(payload, "year_of_birth", pa.array([1901] * len(payload)))),
    )
    yield (
        "text that is not UTF-8",
        with_(PAYLOAD, _set(payload, "sex", _broken_text(payload, word("BROKEN")))),
    )
    keys = [word(f"KEY{i}X") for i in range(identifiers.num_rows)]
    yield "person keys of its own", with_(IDENTIFIERS, _set(identifiers, "person_key", pa.array(keys)))
    names = [word(f"PLAIN{i}X") for i in range(identifiers.num_rows)]
    yield "names instead of tokens", with_(IDENTIFIERS, _set(identifiers, token, pa.array(names)))
    yield "a damaged age file", replace(good, after={PAYLOAD: _flip_in_the_middle})
    yield "an age file cut short", replace(good, after={IDENTIFIERS: lambda sealed: sealed[:-100]})
    text = f"name,code\n{word('NOTPARQUET')}\n".encode()
    yield "no Parquet", replace(good, before={PAYLOAD: lambda _: text})
    spoilt = with_(PAYLOAD, _set(payload, "lsoa_code", pa.array([word("SPOILT")] * len(payload))))
    yield "spoilt pages", replace(spoilt, before={PAYLOAD: _spoil_pages})


def _one_bad_value_a_column(table: pa.Table, word: Callable[[str], str]) -> pa.Table:
    for place, name in enumerate(table.column_names):
        values = table[name].to_pylist()
        values[place] = word(f"SEALED{name.replace('_', '')}X")
        table = _set(table, name, pa.array(values, pa.string()))
    return table


def _broken_text(table: pa.Table, mark: str) -> pa.Array:
    broken = [b"1", mark.encode() + b"\xff\xfe", *([b"2"] * (len(table) - 2))]
    return pa.array(broken, pa.binary()).view(pa.string())


def _set(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _flip_in_the_middle(sealed: bytes) -> bytes:
    at = len(sealed) // 2
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


def _spoil_pages(plain: bytes) -> bytes:
    """The footer holds; the head of every page claims something else."""
    at = 4
    return plain[:at] + bytes(byte ^ 0x55 for byte in plain[at : at + 64]) + plain[at + 64 :]
