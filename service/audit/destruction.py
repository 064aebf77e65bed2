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

OF_DELIVERY: tuple[str, ...] = ("analysis", "linkage")
OF_PROJECT: tuple[str, ...] = ("analysis", "gate", "linkage")
"""Who keeps what comes of a delivery, and who keeps something of a project; each certifies its own part."""
SAME = ("destruction_id", "project_id", "provider_id", "delivery_id", "statement_sha256")
"""What the certificates of one destruction agree on."""


@dataclass(frozen=True)
class Destroyed:
    """A destruction that holds: of what, how many keys by worker, and where the log has it."""

    what: str
    objects: Mapping[str, int]
    places: tuple[Place, ...]


def check_certificate(archive: Archive, log: LogKey, pinned: Keys | None) -> Destroyed:
    """Hold every worker's certificate to be signed, about one destruction, and entered in the log.

    Keys that are not pinned are the archive's own word. Raises NotVerified naming what fails.
    """
    own = keys_in(archive)
    stray = archive.names - {KEYS, *(f"{worker}.json" for worker in own)}
    if stray:
        raise NotVerified(*(f"{shown(name)}: does not belong in a certificate" for name in sorted(stray)))
    found = {worker: _certificate(archive, worker, pinned or own[worker], log) for worker in own}
    statements = [statement for statement, _ in found.values()]
    first, *others = [[statement.get(field) for field in SAME] for statement in statements]
    if any(other != first for other in others):
        raise NotVerified("the workers' certificates are of two destructions")
    return Destroyed(
        what=_what(statements[0], tuple(own)),
        objects={worker: _count(statement) for worker, (statement, _) in found.items()},
        places=tuple(place for _, place in found.values()),
    )


def _what(statement: dict[str, object], workers: tuple[str, ...]) -> str:
    """What is destroyed, if these workers are all that have to certify it."""
    match statement:
        case {"destruction": 1, "provider_id": str(provider), "delivery_id": str(delivery)}:
            needed, what = OF_DELIVERY, f"delivery {delivery} of {provider}"
        case {"project_destruction": 1, "project_id": str(project)}:
            needed, what = OF_PROJECT, f"project {project}"
        case _:
            raise NotVerified("a certificate that does not say what was destroyed")
    if workers != needed:
        raise NotVerified(f"{KEYS}: not the workers that keep something of it")
    return shown(what)


def keys_in(archive: Archive) -> Mapping[str, Keys]:
    """The workers' keys that the archive itself names, by worker."""
    fields = parsed(archive.read(KEYS), KEYS)
    if not isinstance(fields, dict) or not fields or not fields.keys() <= set(OF_PROJECT):
        raise NotVerified(f"{KEYS}: not keys by worker")
    return {worker: keys_of(fields[worker]) for worker in sorted(fields)}


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
