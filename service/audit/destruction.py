"""The certificate of a destruction, checked offline: what each worker signed, and its place in the log.

The archive holds `keys.json`, public keys by worker, and for each worker a file with the certificate, the
signature over its canonical JSON, and the log entry of the certificate with its salt and proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.audit.archive import KEYS, Archive, NotVerified, shown
from service.audit.canonical import canonical
from service.audit.checkpoint import LogKey, NotACheckpoint
from service.audit.entry import NotAnEntry
from service.audit.release import Place, entered, parsed
from service.audit.signature import DESTRUCTION_TYPE, Keys, keys_of, verified_payload
from service.audit.tree import ProofInvalid
from service.audit.vocabulary import Action

WORKERS = ("analysis", "linkage")
"""Who keeps what comes of a delivery; each certifies its own part."""
SAME = ("destruction_id", "project_id", "provider_id", "delivery_id", "statement_sha256")
"""What the certificates of one destruction agree on."""


@dataclass(frozen=True)
class Destroyed:
    """A destruction that holds: of which delivery, how many keys by worker, and where the log has it."""

    provider_id: str
    delivery_id: str
    objects: Mapping[str, int]
    places: tuple[Place, ...]


def check_certificate(archive: Archive, log: LogKey, pinned: Keys | None) -> Destroyed:
    """Hold both workers' certificates to be signed, about one destruction, and entered in the log.

    Keys that are not pinned are the archive's own word. Raises NotVerified naming what fails.
    """
    stray = archive.names - {KEYS, *(f"{worker}.json" for worker in WORKERS)}
    if stray:
        raise NotVerified(*(f"{shown(name)}: does not belong in a certificate" for name in sorted(stray)))
    own = keys_in(archive)
    found = {worker: _certificate(archive, worker, pinned or own[worker], log) for worker in WORKERS}
    said = [[statement.get(field) for field in SAME] for statement, _ in found.values()]
    if said[0] != said[1]:
        raise NotVerified("the workers' certificates are of two destructions")
    first = found[WORKERS[0]][0]
    return Destroyed(
        provider_id=shown(str(first.get("provider_id"))),
        delivery_id=shown(str(first.get("delivery_id"))),
        objects={worker: _count(statement) for worker, (statement, _) in found.items()},
        places=tuple(place for _, place in found.values()),
    )


def keys_in(archive: Archive) -> Mapping[str, Keys]:
    """The workers' keys that the archive itself names."""
    fields = parsed(archive.read(KEYS), KEYS)
    if not isinstance(fields, dict) or fields.keys() != set(WORKERS):
        raise NotVerified(f"{KEYS}: not the keys of both workers alone")
    return {worker: keys_of(fields[worker]) for worker in WORKERS}


def _certificate(archive: Archive, worker: str, keys: Keys, log: LogKey) -> tuple[dict[str, object], Place]:
    name = f"{worker}.json"
    match parsed(archive.read(name), name):
        case {"statement": dict(statement), "signature": str(signature), "log": dict(entry), **rest} if (
            not rest
        ):
            pass
        case _:
            raise NotVerified(f"{name}: not a statement, a signature and a log entry")
    try:
        payload = verified_payload(signature, keys, DESTRUCTION_TYPE)
    except NotVerified as fault:
        raise NotVerified(f"{name}: {fault}") from None
    if payload != canonical(statement) or statement.get("role") != worker:
        raise NotVerified(f"{name}: the statement differs from the one that this worker signed")
    about = (Action.DESTRUCTION_CERTIFY, statement.get("destruction_id"))
    try:
        return statement, entered(entry, about, payload, log)
    except (NotACheckpoint, NotAnEntry, ProofInvalid) as fault:
        raise NotVerified(f"{name}: log entry: {fault}") from None


def _count(statement: dict[str, object]) -> int:
    match statement:
        case {"destroyed": list(destroyed)}:
            return len(destroyed)
        case _:
            raise NotVerified("a certificate that does not say what was destroyed")
