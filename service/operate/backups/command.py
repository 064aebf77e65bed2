"""`tre-operate backup` and `restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.audit.vocabulary import Action
from service.clock import utc_now
from service.operate.acting import CHANCE, acting
from service.operate.backups.description import Places
from service.operate.backups.restore import Known
from service.operate.backups.restore import restore as restore_backup
from service.operate.backups.take import back_up
from service.operate.installation import Home

HomeFolder = Annotated[Path, typer.Argument(help="Folder of the installation.")]
Data = Annotated[Path, typer.Argument(help="Folder of the backup, without its keys.")]
KeysFolder = Annotated[
    Path, typer.Option("--keys", help="Folder of the backup's keys: to be kept somewhere else.")
]


def backup(home: HomeFolder, data: Data, keys: KeysFolder) -> None:
    """Copy an installation, the service stopped: data into one folder, keys into another."""
    place = Home(home.absolute())

    def begin(backup_id: str) -> None:
        with acting(place) as act:
            act.enter(Action.INSTALLATION_BACKUP, backup_id, kind="begin")

    made = back_up(place, Places(data.absolute(), keys.absolute()), begin, clock=utc_now, random=CHANCE)
    size = sum(each.size_bytes for each in made.files.values())
    with acting(place) as act:
        act.enter(
            Action.INSTALLATION_BACKUP, made.backup_id, kind="finish", count=len(made.files), bytes=size
        )
    print(f"backup {made.backup_id}: {len(made.files)} files, {size} bytes; keep {keys} apart from {data}")


def restore(
    home: HomeFolder,
    data: Data,
    keys: KeysFolder,
    log: Annotated[
        Path | None, typer.Option("--log", help="The newest bundle of the log that reviewers kept.")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="A checkpoint that somebody kept; several may be."),
    ] = None,
    behind: Annotated[  # noqa: FBT002  # an option of the command line
        bool, typer.Option("--behind", help="Also where the log is ahead of the backup: entered as such.")
    ] = False,
) -> None:
    """Make an installation of a backup; what was destroyed or revoked since stays so."""
    known = Known(log, tuple(checkpoint or ()), behind)
    made = restore_backup(Home(home.absolute()), Places(data.absolute(), keys.absolute()), known)
    print(f"{home}: restored; {made.carried} entries carried on from the log")
    print(
        f"{made.orders} destructions are held to before any job is taken, {made.revoked} keys revoked again"
    )
    for line in made.again:
        print(line)
    if made.behind:
        print("THE LOG MAY BE AHEAD of what was restored: tell governance, reviewers and every provider now")
