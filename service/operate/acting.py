"""A use case of the operator on the machine itself."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from linkage_engine.contract.permit import Role
from service.act import Act
from service.audit.guard import guard_sessions
from service.clock import Randomness, utc_now
from service.database import engine_for, sessions
from service.jobs import JobQueue
from service.keys import Pins
from service.operate.installation import Home

CHANCE: Randomness = secrets.token_bytes
"""What keys are made from."""


@contextmanager
def shared_files() -> Iterator[None]:
    """Whatever SQLite writes beside its database is the group's to read and write."""
    umask = os.umask(0o007)
    try:
        yield
    finally:
        os.umask(umask)


@contextmanager
def acting(home: Home) -> Iterator[Act]:
    """One use case of the operator on the machine itself, in one transaction."""
    engine = engine_for(home.database_url)
    made = sessions(engine)
    guard_sessions(made)
    jobs = JobQueue(home.database_url)
    try:
        with shared_files(), made() as session:
            yield Act(
                session=session,
                actor="operator",
                role=Role.OPERATOR,
                clock=utc_now,
                random=CHANCE,
                jobs=jobs,
                governance_key=Pins.read(home.pins).governance_key,
            )
            session.commit()
    finally:
        jobs.close()
        engine.dispose()
