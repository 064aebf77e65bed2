"""Entries a second into the database, one act a commit and fifty a commit, and into the tree."""

from __future__ import annotations

import secrets
import tempfile

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session, sessionmaker

import migrations
from service.audit.checkpoint import LogSigner
from service.audit.log import integrate, record
from service.audit.vocabulary import Action
from service.clock import utc_now
from service.database import engine_for, sessions
from tests.benchmarks.measure import Budget, Figures, main, medians, seconds

ACTS = 1000
TOGETHER = 50
TURNS = 3
BUDGETS = (Budget("acts_per_second_fifty_a_commit", 1000),)


def figures(scale: float) -> Figures:
    """On a disk; the group is of acts that one transaction enters, as a worker's round does."""
    acts = max(TOGETHER, round(ACTS * scale))
    signer = LogSigner("bench/log", Ed25519PrivateKey.generate())
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/control.db"
        migrations.upgrade(url)
        made = sessions(engine_for(url))
        single, grouped = medians(
            lambda: _enter(made, acts, together=1),
            lambda: _enter(made, acts, together=TOGETHER),
            turns=TURNS,
        )
        into_tree = seconds(lambda: _grow(made, signer, limit=2 * TURNS * acts))
        mode = _commit_mode(made)
    return {
        "commit_mode": mode,
        "acts_per_second_one_a_commit": acts / single,
        "acts_per_second_fifty_a_commit": acts / grouped,
        "entries_per_second_into_the_tree": 2 * TURNS * acts / into_tree,
    }


def _enter(made: sessionmaker[Session], acts: int, *, together: int) -> None:
    for _ in range(acts // together):
        with made.begin() as session:
            for _ in range(together):
                record(
                    session,
                    Action.LOG_HEARTBEAT,
                    actor="bench",
                    subject="log",
                    clock=utc_now,
                    random=secrets.token_bytes,
                )


def _grow(made: sessionmaker[Session], signer: LogSigner, *, limit: int) -> None:
    with made.begin() as session:
        integrate(session, signer=signer, clock=utc_now, limit=limit)


def _commit_mode(made: sessionmaker[Session]) -> str:
    """As the database itself says."""
    with made() as session:
        journal = session.scalar(sa.text("PRAGMA journal_mode"))
        synchronous = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}[
            int(session.scalar(sa.text("PRAGMA synchronous")) or 0)
        ]
    return f"SQLite, journal {journal}, synchronous {synchronous}"


if __name__ == "__main__":
    main(figures, *BUDGETS)
