"""A delivery as one file: an uncompressed tar of the signed manifest and the sealed parts, in its order."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from linkage_engine.contract.manifest import Manifest
from linkage_engine.contract.permit import PublicKey
from service.problems.submissions import PackageUnreadable
from service.signed import LIMIT_BYTES, TextType, verified

MANIFEST_MEMBER = "manifest.jws"
SEALED_SUFFIX = ".age"


@dataclass(frozen=True)
class SealedFile:
    """A sealed part on its way into the package; the file is at its start."""

    name: str
    file: BinaryIO
    size_bytes: int


def write_package(target: BinaryIO, manifest: str, parts: Iterable[SealedFile]) -> None:
    """Write the package; names and sizes alone are in its headers, no owner and no time."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as package:
        text = manifest.encode("ascii")
        package.addfile(_member(MANIFEST_MEMBER, len(text)), BytesIO(text))
        for part in parts:
            package.addfile(_member(part.name + SEALED_SUFFIX, part.size_bytes), part.file)


def read_manifest(path: Path, key: PublicKey) -> Manifest:
    """The manifest that a package begins with.

    Raises PackageUnreadable when there is none, SignatureRefused when the key did not sign it.
    """
    try:
        with tarfile.open(path, mode="r:") as package:
            first = package.next()
            if first is None or first.name != MANIFEST_MEMBER or first.size > LIMIT_BYTES:
                raise PackageUnreadable
            file = package.extractfile(first)
            text = file.read().decode("ascii") if file else ""
    except (tarfile.TarError, UnicodeDecodeError, OSError):
        raise PackageUnreadable from None
    return verified(text, (key,), TextType.MANIFEST, Manifest)


def _member(name: str, size_bytes: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size_bytes
    member.mode = 0o600
    return member
