"""A crate as one zip file: written, and opened by somebody who believes nothing but pinned keys."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from service.audit.archive import NotVerified, open_archive, shown
from service.audit.release import Trust
from service.problems.publication import CrateNotVerified, ReleaseNotVerified
from service.publication.crate.bag import DECLARATION, PAYLOAD
from service.publication.crate.make import OUTPUTS, PACKAGE, crate
from service.publication.crate.profile import crate_faults
from service.publication.released import MEMBER_BYTES, Released, open_release
from service.releases.zipped import zipped


def crate_file(released: Released, book: bytes | None = None) -> bytes:
    """The crate in a zip file with the bag as its only folder (Five Safes RO-Crate 0.4, Zip expectations).

    Raises CrateNotVerified if what was made is not what the profile asks for.
    """
    files, folder = crate(released, book), f"release-{released.statement.release_id}"
    _check(crate_faults(files))
    return zipped((f"{folder}/{name}", data) for name, data in files.items())


def open_crate(path: Path, trust: Trust) -> Released:
    """The release of a crate, of which all holds: bag, profile, signed package, and that they say the same.

    Raises CrateNotVerified naming what does not hold, ReleaseNotVerified, ReleaseUnreadable.
    """
    # 1. the zip file, under caps: one folder, nothing beside it
    try:
        with open_archive(path) as archive:
            members = {name: archive.read(name, MEMBER_BYTES) for name in sorted(archive.names)}
    except NotVerified as refused:
        raise _refusal(refused.faults) from None
    files = _in_one_folder(members)
    # 2. the bag's digests and the profile's text
    _check(crate_faults(files))
    # 3. the package within: signature, digests, log proof
    package = files.get(f"{PAYLOAD}{PACKAGE}")
    if package is None:
        raise _refusal([f"{PAYLOAD}{PACKAGE}: missing"])
    try:
        opened = open_release(io.BytesIO(package), trust)
    except ReleaseNotVerified as refused:
        raise CrateNotVerified(**refused.facts) from None
    # 4. what stands beside the package is what was signed
    _check(_differences(opened, files))
    return opened


def _in_one_folder(members: Mapping[str, bytes]) -> Mapping[str, bytes]:
    folders = {name.partition("/")[0] for name in members}
    (folder, *others) = sorted(folders) or [""]
    if others or f"{folder}/{DECLARATION}" not in members:
        raise _refusal(["the archive: not one folder that is a bag"])
    return {name.removeprefix(f"{folder}/"): data for name, data in members.items()}


def _differences(opened: Released, files: Mapping[str, bytes]) -> Iterator[str]:
    for name, data in opened.files.items():
        for path in (f"{PAYLOAD}{name}", f"{PAYLOAD}{OUTPUTS}{name}"):
            if files.get(path, data) != data:
                yield f"{path}: is not what was signed"


def _check(faults: Iterable[str]) -> None:
    found = tuple(faults)
    if found:
        raise _refusal(found)


def _refusal(faults: Iterable[str]) -> CrateNotVerified:
    return CrateNotVerified(faults=[{"pointer": shown(fault), "code": "does-not-hold"} for fault in faults])
