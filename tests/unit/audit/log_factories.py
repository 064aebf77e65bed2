"""Plain functions that make a log, its keys, a release and a bundle; everything from fixed randomness."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from linkage_engine.contract.statements import ReleasedFile, ReleaseStatement
from linkage_engine.contract.value import Value
from service.audit.canonical import canonical
from service.audit.checkpoint import LogSigner, encode
from service.audit.export import write_bundle
from service.audit.guard import guard_sessions
from service.audit.log import integrate, proof_for, record
from service.audit.records import AuditEntry
from service.audit.vocabulary import Action
from service.database import Record, engine_for, sessions
from service.signed import SigningKey, TextType, sign

ORIGIN = "tre.example/log"
TABLE = b"age_band,persons\n0-64,120\n65+,340\n"


def a_signer(origin: str = ORIGIN, seed: int = 1) -> LogSigner:
    return LogSigner(origin, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def a_clock(start: datetime = datetime(2026, 5, 1, 9, tzinfo=UTC)) -> Callable[[], datetime]:
    """A clock that moves one millisecond at every look."""
    looks = iter(range(10**9))
    return lambda: start + timedelta(milliseconds=next(looks))


def some_randomness() -> Callable[[int], bytes]:
    calls = iter(range(10**9))
    return lambda size: hashlib.shake_256(next(calls).to_bytes(8, "big")).digest(size)


@dataclass
class Log:
    """A log in a database, with what its worker holds."""

    engine: Engine
    signer: LogSigner = field(default_factory=a_signer)
    clock: Callable[[], datetime] = field(default_factory=a_clock)
    random: Callable[[int], bytes] = field(default_factory=some_randomness)

    @property
    def sessions(self) -> sessionmaker[Session]:
        made = sessions(self.engine)
        guard_sessions(made)
        return made

    def enter(self, count: int = 1, action: Action = Action.QUERY_ASK) -> list[str]:
        with self.sessions.begin() as session:
            return [
                record(
                    session,
                    action,
                    actor="researcher-one",
                    subject=f"query-{number}",
                    project="cancer-audit",
                    clock=self.clock,
                    random=self.random,
                )
                for number in range(count)
            ]

    def integrate(self, limit: int = 100) -> int:
        with self.sessions.begin() as session:
            done = integrate(session, signer=self.signer, clock=self.clock, limit=limit)
            return done.entries if done else 0


def a_log(folder: Path, name: str = "control.sqlite") -> Log:
    return a_log_in(f"sqlite:///{folder / name}")


def a_log_in(url: str) -> Log:
    engine = engine_for(url)
    Record.metadata.create_all(engine)
    return Log(engine)


def a_statement(files: Mapping[str, bytes], release_id: str = "ab" * 16) -> ReleaseStatement:
    return ReleaseStatement(
        release_id=release_id,
        project_id="cancer-audit",
        query_id="cd" * 16,
        files=tuple(
            ReleasedFile(name=name, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
            for name, data in files.items()
        ),
        approved_by=("checker-one", "checker-two"),
        decisions_sha256=("11" * 32, "22" * 32),
        released_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    )


def release_members(
    log: Log, key: SigningKey, files: Mapping[str, bytes], release_id: str = "ab" * 16
) -> dict[str, bytes]:
    """The members of a release package: signed, entered and in the tree."""
    statement = a_statement(files, release_id)
    signed = sign(statement, key, TextType.RELEASE)
    return {"release.json": entered_text(log, statement, signed, Action.RELEASE_SIGN, release_id), **files}


def entered_text(log: Log, statement: Value, signed: str, action: Action, subject: str) -> bytes:
    """A signed statement with its entry and the entry's proof, as packages have it."""
    payload = canonical(json.loads(statement.model_dump_json()))
    with log.sessions.begin() as session:
        entry_id = record(
            session,
            action,
            actor="worker-gate",
            subject=subject,
            project="cancer-audit",
            clock=log.clock,
            random=log.random,
            statement_sha256=hashlib.sha256(payload).hexdigest(),
        )
    log.integrate()
    with log.sessions() as session:
        proof = proof_for(session, entry_id)
        row = session.query(AuditEntry).filter_by(entry_id=entry_id).one()
        assert proof
        return canonical(
            {
                "statement": json.loads(payload),
                "signature": signed,
                "log": {
                    "entry": row.to_entry().to_canonical().decode(),
                    "salt": encode(row.salt),
                    "proof": proof.to_text(),
                },
            }
        )


def bundle_members(folder: Path, before: int = 6) -> dict[str, bytes]:
    """The members of a bundle over some entries, the signing of a release, and four more."""
    log, key = a_log(folder), SigningKey.generate()
    log.enter(before)
    log.integrate()
    release = release_members(log, key, {"table.csv": TABLE})
    log.enter(4)
    log.integrate()
    target = io.BytesIO()
    with log.sessions() as session:
        write_bundle(
            session,
            target,
            key=log.signer.key,
            release_keys=[key.public.model_dump()],
            releases=[(f"{'ab' * 16}/{name}", data) for name, data in release.items()],
        )
    with zipfile.ZipFile(target) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def packed(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return path
