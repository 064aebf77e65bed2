"""What every request is given: settings, time, chance, the database, the job queue and pinned keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import structlog
from fastapi import Depends, Request, Response
from sqlalchemy.orm import Session, sessionmaker

from linkage_engine.contract.permit import Role
from service.act import Act, Viewed
from service.clock import Clock, Randomness
from service.jobs import JobQueue
from service.keys import PeopleKey, Pins
from service.openid.provider import IdentityProvider
from service.settings import ApiSettings
from service.signed import SigningKey
from service.web.batches import Batches
from service.web.looks import Look
from service.web.once import Once
from service.web.throttle import Throttle


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Made once when the api starts; nothing in it is global."""

    settings: ApiSettings
    clock: Clock
    random: Randomness
    sessions: sessionmaker[Session]
    view_sessions: sessionmaker[Session]
    """For what need not outlive a loss of power: who looked, and who was last seen when."""
    read_sessions: sessionmaker[Session]
    looks: Batches[Look, Response]
    """Answers what only reads, once it is entered."""
    jobs: JobQueue
    pins: Pins
    token_key: SigningKey
    people_key: PeopleKey | None
    """What enrolments and sign-ins by browser are made with, where the installation has it."""
    provider: IdentityProvider | None
    """Where people sign in with their organisation, where the site has registered one."""
    once: Once
    """Which proofs of possession were seen, and which challenges were answered."""
    warned: dict[str, tuple[int, date]]
    """Of which permit of each project all that is about to end was entered, and on which day."""
    attempts: Throttle
    """Who tried to sign in by browser."""
    log: structlog.typing.FilteringBoundLogger

    def act(self, session: Session, actor: str, role: Role | None = None) -> Act:
        """A use case of somebody in a transaction."""
        return Act(
            session=session,
            actor=actor,
            role=role,
            clock=self.clock,
            random=self.random,
            jobs=self.jobs,
            governance_key=self.pins.governance_key,
        )

    def view(self, session: Session, actor: str, role: Role) -> Viewed:
        """A use case of somebody in a session that only reads."""
        return Viewed(
            session=session,
            actor=actor,
            role=role,
            clock=self.clock,
            random=self.random,
            jobs=self.jobs,
            governance_key=self.pins.governance_key,
        )


def surroundings_of(request: Request) -> Surroundings:
    """The surroundings of the app that answers."""
    surroundings: Surroundings = request.app.state.surroundings
    return surroundings


async def _surroundings(request: Request) -> Surroundings:
    return surroundings_of(request)  # async: it waits for nothing, so it needs no thread


def _transaction(here: Here) -> Iterator[Session]:
    with here.sessions.begin() as session:
        yield session


def _view(here: Here) -> Iterator[Session]:
    with here.read_sessions() as session:
        yield session


Here = Annotated[Surroundings, Depends(_surroundings)]
# FastAPI ends dependencies after the answer is sent unless their scope is the function:
# an answer must never say that something was done whose commit then fails.
Transaction = Annotated[Session, Depends(_transaction, scope="function")]
"""A session that is committed before the answer is sent, and rolled back when anything fails."""
View = Annotated[Session, Depends(_view, scope="function")]
"""A session that only reads."""
