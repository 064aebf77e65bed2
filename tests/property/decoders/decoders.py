"""Everything that reads what somebody else wrote, with the refusals that it names and texts to begin from.

One table for two searches: the properties beside it, and `make fuzz`, which is led by coverage.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from linkage_engine.catalogue.data_sets import CodeList, data_set
from linkage_engine.catalogue.policies import policy_text
from linkage_engine.contract.manifest import Manifest, Part, Zone
from linkage_engine.contract.permit import Permit, Role
from linkage_engine.contract.query_spec import query_spec
from linkage_engine.contract.refusals import CannotSeal, CannotUnseal, ExtractRejected, NotTrusted
from linkage_engine.contract.statements import Decision, SignedQuestion, Verdict
from linkage_engine.contract.value import Value
from linkage_engine.disclosure.policy import Policy
from linkage_engine.sealing import bech32
from linkage_engine.sealing.header import read_header, write_header
from linkage_engine.sealing.recipient import Recipient
from linkage_engine.sealing.seal import seal_bytes
from linkage_engine.unseal.identity import Identity
from linkage_engine.unseal.unseal import unseal_bytes
from linkage_engine.validate.footer import Caps, read_part, uncompressed_bytes
from service.audit.archive import NotVerified
from service.audit.bundle import Pins, verify_bundle, verify_package
from service.audit.canonical import NotCanonical, parse
from service.audit.checkpoint import Checkpoint, LogKey, LogProof, NotACheckpoint
from service.audit.entry import Entry, NotAnEntry
from service.audit.signature import keys_of, verified_payload
from service.problems.provider_tool import (
    ExtractUnreadable,
    MappingUnusable,
    ProjectFileUnusable,
    SecretUnusable,
)
from service.problems.submissions import PackageUnreadable
from service.problems.tools import SignatureRefused
from service.provider.extract import private_connection, read_extract
from service.provider.mapping import FileMapping, read_mapping
from service.provider.package import read_manifest
from service.provider.seal import read_project
from service.provider.secret import read_secret
from service.signed import SigningKey, TextType, sign, verified
from service.submissions.package import read_package
from tests.factories import NOON, Chance, a_manifest, a_permit, a_person, a_question, a_tar
from tests.unit.audit.log_factories import ORIGIN, a_signer, bundle_members, packed
from tests.unit.provider.desk import MAPPING, TUMOURS

CHANCE = Chance(b"decoders")
IDENTITY = Identity(bytes(32))
KEY = SigningKey.generate()
SIGNER = a_signer()
NAME = "death"


@dataclass(frozen=True)
class Decoder:
    """One reader: whatever bytes it is given, it returns a value or raises one of its refusals."""

    name: str
    read: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    seeds: Callable[[], Sequence[bytes]]


# --- the age format


@cache
def _sealed() -> list[bytes]:
    return [seal_bytes(b"rows" * 50, recipients=[IDENTITY.recipient], random=CHANCE)]


def _header() -> list[bytes]:
    return [write_header([IDENTITY.recipient.wrap(bytes(16))], bytes(16))]


def _resealed(data: bytes) -> object:
    """The bytes as the end of a payload behind a header that is good."""
    return unseal_bytes(_sealed()[0][:-200] + data, identities=[IDENTITY])


def _keys_of(data: bytes) -> object:
    return bech32.decode(_text(data))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# --- signed texts


def _signed(form: type[Value], typ: TextType) -> Callable[[bytes], object]:
    """The bytes under a signature that is good: a party that means harm."""
    return lambda data: verified(KEY.sign_bytes(data, typ), (KEY.public,), typ, form)


def _permit() -> list[bytes]:
    return [a_permit([a_person("northern-trust", Role.PROVIDER)]).to_json().encode()]


def _manifest() -> list[bytes]:
    return [_a_manifest().to_json().encode()]


def _a_manifest() -> Manifest:
    return a_manifest([_part(b"")], random=CHANCE)


def _question() -> list[bytes]:
    return [a_question(a_person("rosalind", Role.RESEARCHER), random=CHANCE).to_json().encode()]


def _decision() -> list[bytes]:
    decision = Decision(
        release_id="ab" * 16,
        project_id="prevalence-study",
        checker_id="carol",
        verdict=Verdict.APPROVE,
        evidence_sha256="0" * 64,
        reason="Nothing small is shown.",
        decided_at=NOON,
    )
    return [decision.to_json().encode()]


def _jws() -> list[bytes]:
    return [sign(_a_manifest(), KEY, TextType.MANIFEST).encode()]


def _query(data: bytes) -> object:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):  # what the framework does before
        return None
    return query_spec(fields)


def _specification() -> list[bytes]:
    return [json.dumps(json.loads(_question()[0])["specification"]).encode()]


# --- files


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="decoders-"))


def _file(
    read: Callable[[Path], object], name: str = "input", mode: int = 0o600
) -> Callable[[bytes], object]:
    def from_bytes(data: bytes) -> object:
        path = _folder() / name
        path.write_bytes(data)
        path.chmod(mode)
        return read(path)

    return from_bytes


def _package() -> list[bytes]:
    return [a_tar([("manifest.jws", _jws()[0]), ("death.age", b"sealed" * 100)])]


def _csv(path: Path) -> object:
    with private_connection() as connection:
        schema = data_set("cancer_registration")
        return read_extract(connection, _MAPPED, schema, folder=path.parent)


_MAPPED = FileMapping.model_validate(MAPPING["files"][0] | {"file": "extract.csv"})


def _project() -> list[bytes]:
    recipient = str(IDENTITY.recipient)
    fields = {
        "project_id": "prevalence-2025",
        "secret_epoch": 1,
        "key_check": "00" * 8,
        "linkage_profile": "tokens",
        "recipients": {"linkage": recipient, "analysis": recipient},
        "data_sets": [NAME],
    }
    return [json.dumps(fields).encode()]


# --- Parquet


def _part(data: bytes) -> Part:
    return Part(
        name=NAME,
        zone=Zone.ANALYSIS,
        sealed_sha256="0" * 64,
        sealed_bytes=len(data) + 1,
        rows=3,
        columns=("person_key", "n"),
        uncompressed_bytes=0,
        recipient=str(IDENTITY.recipient),
    )


def _table() -> list[bytes]:
    table = pa.table({"person_key": ["a", "b", "a"], "n": pa.array([1, 2, 3], pa.int64())})
    made = []
    for how in ({}, {"use_dictionary": False}, {"data_page_version": "2.0"}):
        plain = io.BytesIO()
        pq.write_table(table, plain, compression="zstd", **how)
        made.append(plain.getvalue())
    return made


def _parquet(data: bytes) -> object:
    """Under a declaration that agrees with whatever the footer says."""
    try:
        footer = pq.read_metadata(io.BytesIO(data))
        told = {
            "rows": footer.num_rows,
            "uncompressed_bytes": uncompressed_bytes(footer),
            "columns": tuple(footer.schema.to_arrow_schema().names),
        }
    except (pa.ArrowException, OSError, ValueError):
        told = {}
    caps = Caps(uncompressed_bytes=1 << 24)
    return read_part(io.BytesIO(data), _part(data).model_copy(update=told), caps)


# --- the log


def _note() -> list[bytes]:
    return [SIGNER.sign(3, bytes(32)).encode()]


@cache
def _members() -> Mapping[str, bytes]:
    return bundle_members(Path(tempfile.mkdtemp(prefix="decoders-log-")))


def _bundle() -> list[bytes]:
    return [packed(_folder() / "seed.zip", _members()).read_bytes()]


def _release() -> list[bytes]:
    """The release that the bundle has, as its researcher got it."""
    inside = {
        name.split("/", 2)[2]: data for name, data in _members().items() if name.startswith("releases/")
    }
    members = {**inside, "keys.json": _members()["keys.json"]}
    return [packed(_folder() / "seed.zip", members).read_bytes()]


def _entries() -> list[bytes]:
    lines = _members()["entries.jsonl"].splitlines()
    return [json.loads(line)["entry"].encode() for line in lines[:3]]


def _proof() -> list[bytes]:
    return [LogProof(1, (bytes(32), bytes(32)), _note()[0].decode()).to_text().encode()]


DECODERS = (
    Decoder("age header", lambda data: read_header(io.BytesIO(data)), (CannotUnseal,), _header),
    Decoder("age file", lambda data: unseal_bytes(data, identities=[IDENTITY]), (CannotUnseal,), _sealed),
    Decoder("age stream", _resealed, (CannotUnseal,), lambda: [_sealed()[0][-200:]]),
    Decoder("bech32", _keys_of, (), lambda: [str(IDENTITY.recipient).encode(), b"A12UEL5L"]),
    Decoder(
        "recipient",
        lambda data: Recipient.parse(_text(data)),
        (CannotSeal,),
        lambda: [str(IDENTITY.recipient).encode()],
    ),
    Decoder(
        "identity",
        lambda data: Identity.parse(_text(data)),
        (CannotUnseal,),
        lambda: [IDENTITY.secret_text().encode()],
    ),
    Decoder("package", _file(read_package), (PackageUnreadable,), _package),
    Decoder(
        "package, read by the tool",
        _file(lambda path: read_manifest(path, KEY.public)),
        (PackageUnreadable, SignatureRefused),
        _package,
    ),
    Decoder(
        "signed text",
        lambda data: verified(_text(data), (KEY.public,), TextType.MANIFEST, Manifest),
        (SignatureRefused,),
        _jws,
    ),
    Decoder(
        "signed text, read by the auditor",
        lambda data: verified_payload(_text(data), keys_of([KEY.public.model_dump()]), TextType.MANIFEST),
        (NotVerified,),
        _jws,
    ),
    Decoder("manifest", _signed(Manifest, TextType.MANIFEST), (SignatureRefused,), _manifest),
    Decoder("permit", _signed(Permit, TextType.PERMIT), (SignatureRefused,), _permit),
    Decoder("question", _signed(SignedQuestion, TextType.QUESTION), (SignatureRefused,), _question),
    Decoder("decision", _signed(Decision, TextType.DECISION), (SignatureRefused,), _decision),
    Decoder(
        "private key",
        lambda data: SigningKey.from_jwk(_text(data)),
        (SignatureRefused,),
        lambda: [KEY.to_jwk().encode()],
    ),
    Decoder("specification", _query, (ValidationError,), _specification),
    Decoder("project file", _file(read_project), (ProjectFileUnusable,), _project),
    Decoder("mapping", _file(read_mapping), (MappingUnusable,), lambda: [json.dumps(MAPPING).encode()]),
    Decoder("linkage secret", _file(read_secret), (SecretUnusable,), lambda: [b"0f" * 32 + b"\n"]),
    Decoder("extract", _file(_csv, "extract.csv"), (ExtractUnreadable,), lambda: [TUMOURS.encode()]),
    Decoder(
        "policy",
        lambda data: Policy.from_json(_text(data)),
        (NotTrusted,),
        lambda: [policy_text("nhs-cancer-default").encode()],
    ),
    Decoder(
        "code list",
        CodeList.model_validate_json,
        (ValidationError,),
        lambda: [b'{"name":"sex","version":"1","title":"t","source":"s","codes":{"1":"Male"}}'],
    ),
    Decoder("Parquet", _parquet, (ExtractRejected,), _table),
    Decoder("canonical JSON", parse, (NotCanonical,), lambda: [b'{"a":[1,"x",null,true]}']),
    Decoder("entry", Entry.from_canonical, (NotAnEntry,), _entries),
    Decoder(
        "checkpoint",
        lambda data: Checkpoint.from_text(_text(data)),
        (NotACheckpoint,),
        lambda: [Checkpoint(ORIGIN, 3, bytes(32)).to_text().encode()],
    ),
    Decoder("signed note", lambda data: SIGNER.key.open(_text(data)), (NotACheckpoint,), _note),
    Decoder(
        "verifier key",
        lambda data: LogKey.from_text(_text(data)),
        (NotACheckpoint,),
        lambda: [SIGNER.key.to_text().encode()],
    ),
    Decoder("log proof", lambda data: LogProof.from_text(_text(data)), (NotACheckpoint,), _proof),
    Decoder("bundle", _file(lambda path: verify_bundle(path, Pins())), (NotVerified,), _bundle),
    Decoder(
        "release package",
        _file(lambda path: verify_package(path, Pins(log=SIGNER.key))),
        (NotVerified,),
        _release,
    ),
)
