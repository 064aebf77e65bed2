"""The age peer on Node: npm `age-encryption`, and the vectors of npm `cctv-age`."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

Peer = Callable[..., bytes]


@dataclass(frozen=True)
class Vector:
    """One test file of C2SP CCTV: lines of `name: value`, an empty line, the age file."""

    expect: str
    payload_sha256: str | None
    identities: tuple[str, ...]
    file_key: bytes
    is_armoured: bool
    sealed: bytes

    @classmethod
    def parse(cls, text: bytes) -> Self:
        head, sealed = text.split(b"\n\n", 1)
        lines = [line.split(": ", 1) for line in head.decode().split("\n")]
        fields = dict(lines)
        return cls(
            expect=fields["expect"],
            payload_sha256=fields.get("payload"),
            identities=tuple(value for name, value in lines if name == "identity"),
            file_key=bytes.fromhex(fields["file key"]) if "file key" in fields else b"",
            is_armoured="armored" in fields,
            sealed=zlib.decompress(sealed) if "compressed" in fields else sealed,
        )

    def is_payload(self, plaintext: bytes) -> bool:
        return hashlib.sha256(plaintext).hexdigest() == self.payload_sha256


@pytest.fixture(scope="session")
def peer(node_modules: Path, pytestconfig: pytest.Config) -> Peer:
    """Runs one command of tests/outside/age.mjs."""
    node = shutil.which("node")
    assert node
    script = pytestconfig.rootpath / "tests" / "outside" / "age.mjs"

    def run(*arguments: str, data: bytes = b"") -> bytes:
        command = [node, str(script), str(node_modules), *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout

    return run


@pytest.fixture(scope="session")
def vectors(peer: Peer) -> dict[str, Vector]:
    """All vectors by name."""
    files = json.loads(peer("vectors"))
    return {name: Vector.parse(base64.b64decode(text)) for name, text in files.items()}
