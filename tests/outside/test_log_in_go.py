"""An exported log is verified by the code of Go's checksum database, which is none of ours.

Notes, checkpoints, verifier keys, record hashes and proofs are the same to the byte. Two things differ and
do not meet: tlog numbers stored hashes in one row, in the order in which they become complete, where we
keep (level, position); and it hands the log out in tiles, where we export it whole. Signatures of releases
and the canonical spelling of entries are ours, and Go does not look at them.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.audit.archive import NotVerified
from service.audit.bundle import Pins, verify_bundle
from service.audit.checkpoint import encode
from service.audit.export import write_bundle
from service.audit.records import AuditCheckpoint, stored_nodes
from service.audit.tree import consistency_proof
from service.signed import SigningKey
from tests.unit.audit.log_factories import Log, a_log, packed, release_members

pytestmark = pytest.mark.outside(tool="go")

SIZES = (1, 2, 3, 4, 7, 8, 13)
"""Where checkpoints are signed before a release is; the last entries come after it."""
SAID = "verified: 19 entries and 1 releases"


def exported(log: Log, releases: Mapping[str, bytes], key: SigningKey) -> dict[str, bytes]:
    target = io.BytesIO()
    with log.sessions() as session:
        write_bundle(
            session,
            target,
            key=log.signer.key,
            release_keys=[key.public.model_dump()],
            releases=[(f"{'ab' * 16}/{name}", data) for name, data in releases.items()],
        )
    with zipfile.ZipFile(target) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


@dataclass(frozen=True)
class Exported:
    """A bundle's members, its log's earlier checkpoints, and our proofs that it extends them."""

    members: dict[str, bytes]
    earlier: dict[str, bytes]
    """The same log as it was exported at size 13."""
    checkpoints: dict[int, str]
    proofs: dict[int, str]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    log, key = a_log(tmp_path_factory.mktemp("log")), SigningKey.generate()
    for before, size in zip((0, *SIZES), SIZES, strict=False):
        log.enter(size - before)
        log.integrate()
    earlier = exported(log, {}, key)
    release = release_members(log, key, {"table.csv": b"sex,persons\nTotal,120\n"})
    log.enter(5)
    log.integrate()
    with log.sessions() as session:
        notes = {row.size: row.note for row in session.scalars(sa.select(AuditCheckpoint))}
        size, nodes = max(notes), stored_nodes(session)
        proofs = {old: "\n".join(map(encode, consistency_proof(old, size, nodes))) for old in notes}
    return Exported(exported(log, release, key), earlier, notes, proofs)


@dataclass(frozen=True)
class InGo:
    """The verifier in Go, with a folder to write into."""

    program: Path
    folder: Path

    def __call__(self, members: Mapping[str, bytes], *kept: str) -> subprocess.CompletedProcess[str]:
        """Verify a bundle, and that it extends a kept checkpoint by a proof of ours."""
        files = {"log.vkey": members["log.vkey"].decode(), **dict(zip(("kept", "proof"), kept, strict=False))}
        for name, text in files.items():
            (self.folder / name).write_text(text)
        archive = packed(self.folder / "bundle.zip", members)
        command = [self.program, archive, *(self.folder / name for name in files)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def in_go(sumdb: Path, tmp_path: Path) -> InGo:
    return InGo(sumdb, tmp_path)


def test_a_bundle_verifies_in_go_as_it_does_here(bundle: Exported, in_go: InGo, tmp_path: Path) -> None:
    found = in_go(bundle.members)
    assert (found.returncode, found.stdout.strip()) == (0, SAID)
    assert verify_bundle(tmp_path / "bundle.zip", Pins()).entries == 19


@pytest.mark.parametrize("size", [*SIZES, 14, 19])
def test_go_accepts_our_consistency_proofs(bundle: Exported, in_go: InGo, size: int) -> None:
    found = in_go(bundle.members, bundle.checkpoints[size], bundle.proofs[size])
    assert (found.returncode, found.stdout.strip()) == (0, f"{SAID}, extending {size}")


def other(text: str, at: int) -> str:
    """The text with another character of base64 at a place."""
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def in_checkpoint(line: int) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        lines = members["checkpoint"].decode().split("\n")
        lines[line] = "18" if line == 1 else other(lines[line], -20 if line == 4 else 5)
        members["checkpoint"] = "\n".join(lines).encode()

    return change


def in_entry(field: str) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        lines = members["entries.jsonl"].decode().splitlines(keepends=True)
        said = json.loads(lines[7])
        said[field] = 8 if field == "index" else other(said[field], 12)
        lines[7] = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
        members["entries.jsonl"] = "".join(lines).encode()

    return change


def in_release(line: int) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        name = f"releases/{'ab' * 16}/release.json"
        said = json.loads(members[name])
        lines = said["log"]["proof"].split("\n")
        lines[line] = "index 12" if line == 1 else other(lines[line], 5)
        said["log"]["proof"] = "\n".join(lines)
        members[name] = json.dumps(said).encode()

    return change


def cut(members: dict[str, bytes]) -> None:
    members["entries.jsonl"] = b"".join(members["entries.jsonl"].splitlines(keepends=True)[:-1])


def of_another_key(members: dict[str, bytes]) -> None:
    name, *_ = members["log.vkey"].decode().partition("+")
    other_key = SigningKey.generate().public
    raw = b"\x01" + base64.urlsafe_b64decode(other_key.x + "=")
    digest = hashlib.sha256(name.encode() + b"\n" + raw).digest()
    members["log.vkey"] = f"{name}+{digest[:4].hex()}+{encode(raw)}\n".encode()


FAULTS = {
    "size": in_checkpoint(1),
    "root": in_checkpoint(2),
    "signature": in_checkpoint(4),
    "entry": in_entry("entry"),
    "leaf": in_entry("leaf"),
    "salt": in_entry("salt"),
    "place": in_entry("index"),
    "proof": in_release(2),
    "place in the proof": in_release(1),
    "cut": cut,
    "another key": of_another_key,
}


@pytest.mark.parametrize("change", FAULTS.values(), ids=FAULTS)
def test_one_changed_byte_or_a_cut_fails_in_go_and_here(
    bundle: Exported, in_go: InGo, tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    members = dict(bundle.members)
    change(members)
    found = in_go(members)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("not verified: ")
    with pytest.raises(NotVerified):
        verify_bundle(tmp_path / "bundle.zip", Pins())


def test_one_changed_hash_of_a_consistency_proof_fails_in_go(bundle: Exported, in_go: InGo) -> None:
    found = in_go(bundle.members, bundle.checkpoints[13], other(bundle.proofs[13], 5))
    assert (found.returncode, found.stdout) == (1, "")


def test_a_log_cut_back_to_an_older_checkpoint_fails_in_go_against_the_newer_one(
    bundle: Exported, in_go: InGo
) -> None:
    assert in_go(bundle.earlier).returncode == 0  # nothing is wrong with it by itself
    found = in_go(bundle.earlier, bundle.checkpoints[19], bundle.proofs[13])
    assert (found.returncode, found.stdout) == (1, "")
