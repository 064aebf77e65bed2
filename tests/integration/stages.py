"""The story in stages: each is made once and copied for the tests."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import migrations
from service.access.actions import register_principal
from service.audit.guard import guard_sessions
from service.database import engine_for, sessions
from service.jobs import Job, JobQueue
from service.operate.database_roles import divide
from service.operate.folders import PROCESSES
from service.operate.installation import Home, Installation, create
from service.projects.actions import open_project
from tests.factories import Chance, Watch
from tests.integration.cast import CHECKERS, NOW, Cast, the_cast
from tests.integration.extracts import PRACTICES, REGISTRY
from tests.integration.workshop import Connected, Workshop


def _open(shop: Workshop) -> None:
    with shop.acting("operator") as act:
        for person in shop.people.values():
            register_principal(act, person.party)
    with shop.acting("oliver") as act:
        open_project(act, shop.permit_text())
    shop.hold_ceremony()


def _receive(shop: Workshop) -> None:
    for provider in (REGISTRY, PRACTICES):
        shop.ids[provider] = shop.deliver(provider)


def _accept(shop: Workshop) -> None:
    shop.drain()


def _ask_for_run(shop: Workshop) -> None:
    shop.ids["run"] = shop.ask_for_run()


def _link(shop: Workshop) -> None:
    shop.do(Job.LINK, shop.ids["run"])


def _receive_crosswalk(shop: Workshop) -> None:
    shop.do(Job.RECEIVE_CROSSWALK, shop.ids["run"])


def _ask(shop: Workshop) -> None:
    shop.ids["query"] = shop.ask()


def _answer(shop: Workshop) -> None:
    shop.do(Job.ANSWER, shop.ids["query"])


def _control(shop: Workshop) -> None:
    shop.do(Job.CONTROL, shop.ids["query"])


def _approve(shop: Workshop) -> None:
    for checker in CHECKERS:
        shop.approve(checker, shop.ids["query"])


def _sign(shop: Workshop) -> None:
    shop.do(Job.SIGN_RELEASE, shop.ids["query"])


STORY: Mapping[str, Callable[[Workshop], None]] = {
    "opened": _open,
    "received": _receive,
    "accepted": _accept,
    "run-asked": _ask_for_run,
    "linked": _link,
    "finished": _receive_crosswalk,
    "asked": _ask,
    "answered": _answer,
    "controlled": _control,
    "approved": _approve,
    "signed": _sign,
}
"""Each stage begins where the one before ended."""


@dataclass(frozen=True)
class Stages:
    """A copy of the installation after each stage."""

    folder: Path
    cast: Cast
    ids: Mapping[str, Mapping[str, str]]


def tell(folder: Path) -> Stages:
    """Tell the story once and keep a copy of every stage."""
    cast, ids = the_cast(), {}
    with opened(Home(folder / "home"), cast) as shop:
        for stage, step in STORY.items():
            step(shop)
            ids[stage] = dict(shop.ids)
            shop.change("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copytree(shop.home.root, folder / stage)
    return Stages(folder, cast, ids)


@contextmanager
def opened(
    home: Home, cast: Cast, database_url: str | None = None, *, divided: bool = False
) -> Iterator[Workshop]:
    """A new installation, before the story begins: on PostgreSQL where an address is given.

    There each process may have a role of its own.
    """
    made = Installation(port=8700, separate_users=False, database_url=database_url)
    create(home, made, random=secrets.token_bytes)
    migrations.upgrade(home.database_url)
    if divided:
        divide(home, secrets.token_bytes)
    with reopened(home, cast, {}) as shop:
        yield shop


@contextmanager
def workshop(folder: Path, stages: Stages, stage: str) -> Iterator[Workshop]:
    """An installation as it is after a stage."""
    shutil.copytree(stages.folder / stage, folder / "home")
    with reopened(Home(folder / "home"), stages.cast, stages.ids[stage]) as shop:
        yield shop


@contextmanager
def reopened(home: Home, cast: Cast, ids: Mapping[str, str]) -> Iterator[Workshop]:
    """An installation that is there already, and what the story made in it."""
    random = Chance(str(home.root).encode())
    with ExitStack() as stack:
        owner = stack.enter_context(_connected(home.database_url))
        processes = PROCESSES if home.read().database_roles else ()
        apart = {name: stack.enter_context(_connected(home.database_url_of(name))) for name in processes}
        yield Workshop(
            home, cast, Watch(NOW), random, owner.sessions, owner.queue, dict(ids), connected=apart
        )


@contextmanager
def _connected(url: str) -> Iterator[Connected]:
    made = sessions(engine_for(url))
    guard_sessions(made)
    queue = JobQueue(url)
    try:
        yield Connected(made, queue)
    finally:
        queue.close()
        made.kw["bind"].dispose()
