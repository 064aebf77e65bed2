"""`tre-operate rotate`: which key of whom, each change entered, and what is lost or waits named."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from service.audit.vocabulary import Action
from service.operate.acting import CHANCE, acting
from service.operate.installation import SEALED_TO, Home
from service.operate.rotation import at_rest, exchange
from service.operate.rotation.key_files import Rotation
from service.operate.rotation.key_pairs import KEY_PAIRS
from service.operate.rotation.needed import needed
from service.problems.tools import NoSuchKey


class Owner(StrEnum):
    """A process with keys of its own."""

    LINKAGE = "linkage"
    ANALYSIS = "analysis"
    GATE = "gate"
    API = "api"


class Kind(StrEnum):
    """The keys that are rotated."""

    AT_REST = "at-rest"
    UNSEALING = "unsealing"
    HAND_OVER = "hand-over"
    RELEASE = "release"
    TOKEN = "token"  # noqa: S105  # the name of a key


def rotate(
    home: Path,
    kind: Kind,
    role: Annotated[
        list[Owner] | None, typer.Option("--role", help="All with such a key, if none is said.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="at-rest: the pkcs11: address of a token's key, to open the new one.")
    ] = None,
) -> None:
    """Put new keys in the place of old ones, the service stopped; again finishes what was cut short."""
    place = Home(home.absolute())
    owners = SEALED_TO if kind is Kind.AT_REST else KEY_PAIRS[kind].roles
    asked = [one.value for one in role] if role else owners
    if not set(owners).issuperset(asked) or (token is not None and kind is not Kind.AT_REST):
        raise NoSuchKey
    steps = [Steps(place, kind, one) for one in asked]
    # Every role is done, whatever one has left to do.
    left = [_wrapped_anew(each, token) if kind is Kind.AT_REST else _exchanged(each) for each in steps]
    if any(left):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Steps:
    """How the rotation of one key is entered, each step in a transaction of its own."""

    home: Home
    kind: Kind
    role: str

    def begin(self, rotation: Rotation) -> None:
        """There will be a coming key."""
        with acting(self.home) as act:
            act.enter(Action.KEY_ROTATE, self.kind.value, kind="begin", **self._about(rotation))

    def finish(self, rotation: Rotation) -> None:
        """The key that leaves goes now."""
        with acting(self.home) as act:
            act.enter(Action.KEY_ROTATE, self.kind.value, kind="finish", **self._about(rotation))

    def wrapped(self, rotated: at_rest.Rotated) -> None:
        """The key that leaves goes now; so many wraps were made anew, so many can be opened by nobody."""
        with acting(self.home) as act:
            act.enter(
                Action.KEY_ROTATE,
                self.kind.value,
                kind="finish",
                count=rotated.files,
                lost=len(rotated.lost),
                **self._about(rotated.rotation),
            )

    def _about(self, rotation: Rotation) -> dict[str, Any]:
        return {"role": self.role, "key_id": rotation.after, "replaces": rotation.before}

    def say(self, rotation: Rotation, then: str) -> None:
        """Both fingerprints, as they are in the log, and what became of the old key."""
        print(f"{self.role}: {self.kind.value} key {rotation.before} is now {rotation.after}, {then}")


def _wrapped_anew(steps: Steps, token: str | None) -> int:
    entries = at_rest.Entries(lambda _, rotation: steps.begin(rotation), lambda _, done: steps.wrapped(done))
    rotated = at_rest.rotate(steps.home, steps.role, entries, CHANCE, token=token)
    steps.say(rotated.rotation, f"{rotated.files} wrapped anew")
    for each in rotated.lost:
        print(f"{steps.role}: nothing opens {each.project_id}/{each.name}: its key is lost")
    return len(rotated.lost)


def _exchanged(steps: Steps) -> int:
    def waiting() -> tuple[str, ...]:
        with acting(steps.home) as act:
            return needed(act.session, steps.kind, steps.role)

    entries = exchange.Entries(steps.begin, steps.finish)
    done = exchange.exchange(steps.home, steps.kind, steps.role, entries, CHANCE, waiting=waiting)
    steps.say(done.rotation, "the old one is kept" if done.waiting else "the old one is gone")
    for each in done.waiting:
        print(f"{steps.role}: kept for {each}; start the service, and run this again when that is done")
    return len(done.waiting)
