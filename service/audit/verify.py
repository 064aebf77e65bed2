"""tre-audit: verify an exported log or a release package offline.

Needs the standard library and `cryptography` only. Whoever keeps a checkpoint or the
public keys from elsewhere names them: otherwise the archive vouches for itself, and the
report says so.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from service.audit.archive import NotVerified, open_archive
from service.audit.bundle import Pins, log_key, verify_bundle, verify_package
from service.audit.checkpoint import LogKey
from service.audit.destruction import check_certificate, keys_in
from service.audit.signature import keys_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `tre-audit`: 0 when everything holds, 1 when something does not, 2 for a wrong command line."""
    asked = _parser().parse_args(arguments)
    try:
        report = _verify(asked)
    except NotVerified as refused:
        sys.stderr.write("".join(f"not verified: {fault}\n" for fault in refused.faults))
        return 1
    sys.stdout.write("\n".join(report) + "\n")
    return 0


def _verify(asked: argparse.Namespace) -> list[str]:
    """Do what was asked; the lines of the report."""
    pins = Pins(
        log=log_key(_text(asked.vkey), str(asked.vkey)) if asked.vkey else None,
        release_keys=keys_of([_json(path) for path in asked.release_key]) if asked.release_key else None,
        checkpoint=_text(asked.checkpoint) if asked.checkpoint else None,
    )
    if asked.command == "verify-certificate":
        return _certificate(asked, log_key(_text(asked.vkey), str(asked.vkey)))
    if asked.command == "verify-release":
        place = verify_package(asked.archive, pins)
        head = place.checkpoint
        done = f"verified: entry {place.index} of {head.origin}, under its checkpoint of size {head.size}"
    else:
        held = verify_bundle(asked.archive, pins)
        head = held.checkpoint
        done = f"verified: {held.entries} entries and {len(held.releases)} releases of {head.origin}"
    return [done, f"log key: {_by(pins.log)}", f"release key: {_by(pins.release_keys)}"]


def _certificate(asked: argparse.Namespace, log: LogKey) -> list[str]:
    pinned = keys_of([_json(path) for path in asked.worker_key]) if asked.worker_key else None
    with open_archive(asked.archive) as archive:
        held = check_certificate(archive, log, pinned)
        named = {worker: ", ".join(keys) for worker, keys in keys_in(archive).items()}
    counts = ", ".join(f"{count} by {worker}" for worker, count in sorted(held.objects.items()))
    where = ", ".join(str(place.index) for place in held.places)
    return [
        f"verified: {held.what} is destroyed: {counts}",
        f"entries {where} of {log.origin}",
        *(
            f"{worker} key: {_by(pinned)}{'' if pinned else f': {keys}'}"
            for worker, keys in sorted(named.items())
        ),
    ]


def _by(pinned: object) -> str:
    return "the archive's own word; name one you have from elsewhere" if pinned is None else "pinned"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tre-audit", description="Verify an audit log or a release, offline."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    bundle = commands.add_parser("verify", help="verify an exported log")
    package = commands.add_parser("verify-release", help="verify one release package")
    destroyed = commands.add_parser("verify-certificate", help="verify the certificate of a destruction")
    for command in (bundle, package, destroyed):
        command.add_argument("archive", type=Path, help="the zip file")
    for command in (bundle, package):
        command.add_argument(
            "--release-key",
            type=Path,
            action="append",
            help="file with the gate's public key (JWK); one for each, where it changed",
        )
    bundle.add_argument("--vkey", type=Path, help="file with the log's public key")
    for command in (package, destroyed):
        command.add_argument("--vkey", type=Path, required=True, help="file with the log's public key")
    destroyed.add_argument(
        "--worker-key", type=Path, action="append", help="file with a worker's public key (JWK); one for each"
    )
    bundle.add_argument("--checkpoint", type=Path, help="a checkpoint of this log that you kept")
    for command in (package, destroyed):
        command.set_defaults(checkpoint=None)
    destroyed.set_defaults(release_key=None)
    return parser


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise NotVerified(f"{path}: cannot be read") from None


def _json(path: Path) -> object:
    try:
        fields: object = json.loads(_text(path))
    except (ValueError, RecursionError):
        raise NotVerified(f"{path}: not JSON") from None
    return fields
