"""What every role is given: the world as it may touch it, and its own side of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker
from structlog.typing import FilteringBoundLogger

from linkage_engine.boundary import Inside
from linkage_engine.contract.refusals import EngineRefusal, TokenRefused
from linkage_engine.unseal.identity import Identity
from linkage_engine.vault.keystore import Keystore
from linkage_engine.vault.parquet import Vault
from service.act import Act
from service.clock import Clock, Randomness
from service.jobs import JobQueue, WorkerRole
from service.keys import Pins, others_can_read
from service.problems.tools import KeyFolderUnusable, KeyTokenRefused
from service.worker.hand_overs import HandOvers


@dataclass(frozen=True)
class Surroundings:
    """The world as a role may touch it."""

    sessions: sessionmaker[Session]
    jobs: JobQueue
    clock: Clock
    random: Randomness
    log: FilteringBoundLogger
    pins: Pins
    spool: Path
    permits: Path
    """The worker's own folder with a note of each permit that it believed."""
    role: WorkerRole

    @property
    def passkeys(self) -> Path:
        """The worker's own folder with a note of how often each passkey was used."""
        return self.permits.with_name("passkeys")

    @property
    def newest(self) -> Path:
        """The worker's own folder with a note of what came last, and is not followed by anything older."""
        return self.permits.with_name("newest")

    @contextmanager
    def act(self) -> Iterator[Act]:
        """One use case of this worker in one transaction, committed at the end."""
        with self.sessions() as session:
            yield Act(
                session=session,
                actor=f"worker-{self.role.value}",
                clock=self.clock,
                random=self.random,
                jobs=self.jobs,
                governance_key=self.pins.governance_key,
            )
            session.commit()

    @property
    def hand_overs(self) -> HandOvers:
        """The hand-overs of the spool."""
        return HandOvers(self.spool)


def inside(identity: Path, at_rest_key: Path, vault: Path, random: Randomness) -> Inside:
    """The engine's side of a role, from its key files.

    Raises KeyFolderUnusable when one cannot serve, and KeyTokenRefused when a token does not open one.
    """
    try:
        if others_can_read(identity):
            raise KeyFolderUnusable
        opened = Identity.parse(identity.read_text("ascii").strip())
        before = identity.with_suffix(".old")
        leaving = (Identity.parse(before.read_text("ascii").strip()),) if before.exists() else ()
        keystore = Keystore.from_file(at_rest_key)
    except TokenRefused as refusal:
        raise KeyTokenRefused(reason=refusal.code.value) from None
    except (OSError, UnicodeDecodeError, EngineRefusal):
        raise KeyFolderUnusable from None
    return Inside(identity=opened, vault=Vault(vault, keystore), random=random, leaving=leaving)
