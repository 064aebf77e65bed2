"""`tre-operate rotate`: which key of whom, each change entered, and what nothing opens named."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from service.audit.vocabulary import Action
from service.operate.acting import CHANCE, acting
from service.operate.installation import Home
from service.operate.rotation.at_rest import Entries, Rotated, Rotation
from service.operate.rotation.at_rest import rotate as rotate_at_rest


class VaultRole(StrEnum):
    """A role with records at rest."""

    LINKAGE = "linkage"
    ANALYSIS = "analysis"
    GATE = "gate"


class Kind(StrEnum):
    """The keys that are rotated."""

    AT_REST = "at-rest"


def rotate(
    home: Path,
    kind: Kind,
    role: Annotated[
        list[VaultRole] | None, typer.Option("--role", help="All three, if none is said.")
    ] = None,
) -> None:
    """Put new keys in the place of old ones, the service stopped; again finishes what was cut short."""
    place = Home(home.absolute())
    lost = 0
    for one in role or list(VaultRole):
        rotated = rotate_at_rest(place, one.value, _entries(place), CHANCE)
        said = rotated.rotation
        print(
            f"{one.value}: {kind.value} key {said.before} is now {said.after}, {rotated.files} wrapped anew"
        )
        for each in rotated.lost:
            print(f"{one.value}: nothing opens {each.project_id}/{each.name}: its key is lost")
        lost += len(rotated.lost)
    if lost:
        raise typer.Exit(1)


def _entries(home: Home) -> Entries:
    """Each step of a rotation in a transaction of its own."""

    def begin(role: str, rotation: Rotation) -> None:
        with acting(home) as act:
            act.enter(
                Action.KEY_ROTATE,
                "at-rest",
                role=role,
                kind="begin",
                key_id=rotation.after,
                replaces=rotation.before,
            )

    def finish(role: str, rotated: Rotated) -> None:
        with acting(home) as act:
            act.enter(
                Action.KEY_ROTATE,
                "at-rest",
                role=role,
                kind="finish",
                key_id=rotated.rotation.after,
                replaces=rotated.rotation.before,
                count=rotated.files,
                lost=len(rotated.lost),
            )

    return Entries(begin, finish)
