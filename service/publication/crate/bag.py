"""A bag (BagIt 1.0, RFC 8493): payload, manifests of SHA-512, and what is wrong with one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

PAYLOAD = "data/"
DECLARATION, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha512.txt", "tagmanifest-sha512.txt"
DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def bag(payload: Mapping[str, bytes], info: Mapping[str, str]) -> Mapping[str, bytes]:
    """The files of a bag by their paths; `payload` by paths within `data/`."""
    files = {f"{PAYLOAD}{name}": data for name, data in sorted(payload.items())}
    size = sum(map(len, payload.values()))
    lines = {**info, "Payload-Oxum": f"{size}.{len(payload)}"}
    tags = {
        DECLARATION: DECLARED,
        INFO: "".join(f"{label}: {said}\n" for label, said in lines.items()).encode(),
        MANIFEST: _manifest(files),
    }
    return {**tags, TAG_MANIFEST: _manifest(tags), **files}


def _manifest(files: Mapping[str, bytes]) -> bytes:
    """A line for each file: digest and path (RFC 8493 §2.1.3)."""
    return "".join(f"{hashlib.sha512(data).hexdigest()}  {name}\n" for name, data in files.items()).encode()


def bag_faults(files: Mapping[str, bytes]) -> Iterator[str]:
    """What keeps files from being a valid and complete bag, each as a sentence that names the file."""
    if files.get(DECLARATION) != DECLARED:
        yield f"{DECLARATION}: not BagIt 1.0 in UTF-8"
    payload = {name for name in files if name.startswith(PAYLOAD)}
    yield from _manifest_faults(files, MANIFEST, payload)
    yield from _manifest_faults(files, TAG_MANIFEST, {DECLARATION, INFO, MANIFEST})
    strays = files.keys() - payload - {DECLARATION, INFO, MANIFEST, TAG_MANIFEST}
    yield from (f"{name}: does not belong in the bag" for name in sorted(strays))


def _manifest_faults(files: Mapping[str, bytes], manifest: str, expected: set[str]) -> Iterator[str]:
    try:
        listed = dict(_lines(files[manifest].decode()))
    except (KeyError, ValueError):
        yield f"{manifest}: missing or unreadable"
        return
    for name in sorted(expected | listed.keys()):
        if name not in listed:
            yield f"{name}: not in {manifest}"
        elif name not in files or hashlib.sha512(files[name]).hexdigest() != listed[name]:
            yield f"{name}: missing, or its digest differs"


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        digest, name = line.split("  ", 1)
        yield name, digest


def info_of(files: Mapping[str, bytes]) -> Mapping[str, str]:
    """The labels of `bag-info.txt`; none of one that cannot be read."""
    lines = files.get(INFO, b"").decode(errors="replace").splitlines()
    return {label: said for label, mark, said in (line.partition(": ") for line in lines) if mark}
