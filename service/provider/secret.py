"""The project linkage secret on a provider's machine: kept in the key folder, for its owner alone."""

from __future__ import annotations

import os
import re
from pathlib import Path

from linkage_engine.contract.project_file import ProjectFile
from linkage_engine.pseudonymise.secret import LinkageSecret, key_check
from service.keys import others_can_read
from service.problems.linkage_secrets import SecretEpochPassed, SecretKept
from service.problems.provider_tool import SecretUnusable
from service.problems.submissions import WrongLinkageSecret

SECRETS = "secrets"
"""A folder in the key folder: for each project a folder with the secret of each epoch."""


def kept_path(keys: Path, project_id: str, epoch: int) -> Path:
    """Where the secret of a project and epoch is kept."""
    return keys / SECRETS / project_id / f"epoch-{epoch}.secret"


def kept_secret(keys: Path, project_id: str, epoch: int) -> LinkageSecret | None:
    """The secret that is kept, or nothing; raises SecretUnusable."""
    path = kept_path(keys, project_id, epoch)
    return read_secret(path) if path.exists() else None


def check_epoch(keys: Path, project_id: str, epoch: int) -> None:
    """Raise SecretEpochPassed where the secret of a newer epoch is kept."""
    kept = (keys / SECRETS / project_id).glob("epoch-*.secret")
    newest = max((int(path.stem.removeprefix("epoch-")) for path in kept), default=0)
    if newest > epoch:
        raise SecretEpochPassed(epoch=epoch, kept=newest)


def keep_secret(keys: Path, project_id: str, epoch: int, secret: LinkageSecret) -> Path:
    """Keep a secret, whole or not at all; raises SecretKept rather than write over another one.

    Keeping it again changes nothing.
    """
    path = kept_path(keys, project_id, epoch)
    keep_at(path, secret)
    return path


def keep_at(path: Path, secret: LinkageSecret) -> None:
    """Keep a secret in a new file; raises SecretKept where another one is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_suffix(".partial")
    aside.unlink(missing_ok=True)  # of a run that was cut short
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret.reveal().hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(aside)  # unlike a renaming, it never replaces a file
    except FileExistsError:
        if read_secret(path).reveal() != secret.reveal():
            raise SecretKept from None
    finally:
        aside.unlink()


def read_secret(path: Path) -> LinkageSecret:
    """The secret of a file of 64 hexadecimal digits that nobody else can read; raises SecretUnusable."""
    try:
        readable_by_others = others_can_read(path)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise SecretUnusable from None
    if readable_by_others or not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise SecretUnusable
    return LinkageSecret(bytes.fromhex(text))


def check_secret(secret: LinkageSecret, project: ProjectFile) -> None:
    """Nothing where the secret is the project's of this epoch, else WrongLinkageSecret."""
    if key_check(secret, project.project_id, project.secret_epoch) != project.key_check:
        raise WrongLinkageSecret
